// What page and worker have in common: they load the package, and perform trials and attacks by name.
import type { Attack } from "../../attacks/harness/attempt.ts";
import type { Api } from "./api.ts";
import { attack } from "./attack.ts";
import { fingerprint } from "./language.ts";
import { TRIALS } from "./trials.ts";

/** What came of it, as plain data. */
export type Performance = { readonly gave: unknown } | { readonly failed: string } | { readonly skipped: string };

/** `isPlain`: as in a browser that cannot suspend a stack. The kernel looks once, when it is loaded. */
async function load(isPlain: boolean): Promise<Api> {
  if (isPlain) for (const name of ["Suspending", "promising"]) Reflect.deleteProperty(WebAssembly, name);
  const [cordon, libraries] = await Promise.all([
    import("../../../embed/index.ts"),
    import("../../../policy-libs/index.ts"),
  ]);
  return { cordon, libraries };
}

export function newPerformer(isPlain: boolean): (what: string, input: unknown) => Promise<Performance> {
  let loading: Promise<Api> | undefined;
  return async (what, input) => {
    try {
      loading ??= load(isPlain);
      const api = await loading;
      if (what === "attack") return { gave: await attack(api.cordon, input as Attack) };
      if (what === "fingerprint") return { gave: await fingerprint(api) };
      const trial = TRIALS[what];
      if (trial === undefined) return { failed: `no trial ${what}` };
      const skipped = await trial.missing?.(api);
      return skipped === undefined ? { gave: await trial.run(api) } : { skipped };
    } catch (error) {
      return { failed: error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error) };
    }
  };
}
