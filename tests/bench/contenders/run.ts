// run 2 (vercel-labs/run): quickjs-wasi in worker threads. Each run is a new context, so nothing stays in a box.
import { loadPeer } from "../peers.ts";
import type { Contender, HostFunctions } from "../types.ts";

interface Result {
  readonly status: string;
  readonly value?: unknown;
  readonly error?: { readonly message: string };
}
interface Runner {
  run(options: object): Promise<Result>;
}
interface Module {
  createRunner(options: object): Runner;
}

/** Its defaults end a loop after 256 calls. */
const LIMITS = { maxBridgeRequests: 100_000, timeoutMs: 60_000 };

/** A group is either synchronous or not, so there are two, and one object over both. */
const GLUE = "globalThis.host = { add: sync.add, text: sync.text, record: sync.record, later: slow.later };\n";

interface Bindings {
  readonly syncHostFunctions?: object;
  readonly hostFunctions?: object;
}

function bindings(host: HostFunctions | undefined): Bindings {
  if (host === undefined) return {};
  const { later, ...sync } = host;
  return { syncHostFunctions: { sync }, hostFunctions: { slow: { later } } };
}

export async function runPackage(): Promise<Contender> {
  const { createRunner } = (await loadPeer("run")) as Module;
  return {
    name: "run",
    stateless: true,
    open(setup, host) {
      const { hostFunctions, ...sync } = bindings(host);
      const runner = createRunner({ limits: LIMITS, ...sync });
      const prelude = `${host === undefined ? "" : GLUE}${setup}\n`;
      return {
        async evaluate(expression) {
          const result = await runner.run({
            source: `${prelude}return await (${expression});`,
            ...(hostFunctions === undefined ? {} : { hostFunctions }),
          });
          if (result.status !== "completed") throw new Error(result.error?.message ?? result.status);
          return result.value;
        },
        close: () => undefined,
      };
    },
  };
}
