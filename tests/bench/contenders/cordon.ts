// Cordon itself, through the same API as any embedder's: what is measured is what users get.
import { createSandbox, createTemplate, type Result, run, type Sandbox, warmUp } from "../../../embed/node/index.ts";
import type { Box, Contender, HostFunctions } from "../types.ts";

/** So wide that no figure is a figure of a limit. */
const WIDE = { fuel: 1e15, wall: 600_000, calls: 1e9, bytes: 1e12 };

type Returned = Extract<Result, { readonly status: "returned" }>;

async function returned(running: Promise<Result>): Promise<Returned> {
  const result = await running;
  if (result.status !== "returned") throw new Error(JSON.stringify(result));
  return result;
}

const granted = (host: HostFunctions | undefined): object =>
  host === undefined ? {} : { grant: { host: { ...host } } };

function boxOf(box: Sandbox): Box {
  const evaluate = (source: string): Promise<Returned> => returned(box.run(source));
  return {
    evaluate: async (expression) => (await evaluate(expression)).value,
    fuelOf: async (expression) => (await evaluate(expression)).usage.fuel,
    close: () => box.dispose(),
  };
}

export async function cordon(): Promise<Contender> {
  await warmUp();
  return {
    name: "cordon",
    async open(setup, host) {
      const box = await createSandbox({ ...granted(host), limits: WIDE });
      if (setup !== "") await returned(box.run(`${setup}\nundefined;`));
      return boxOf(box);
    },
    async warm(setup) {
      const template = await createTemplate({ source: `${setup}\nundefined;`, limits: WIDE });
      return async () => boxOf(await template.fork());
    },
  };
}

export interface Abortable {
  /** Resolves when the guest's first instruction has called the host. */
  readonly started: Promise<void>;
  /** The status of the run. */
  readonly ended: Promise<string>;
  abort(): void;
}

export function abortable(source: string): Abortable {
  const controller = new AbortController();
  const { promise: started, resolve } = Promise.withResolvers<void>();
  const options = { grant: { host: { started: () => resolve() } }, limits: WIDE, signal: controller.signal };
  const ended = run({ source: `host.started();\n${source}`, ...options }).then(
    ({ status }) => status,
    (thrown) => `failed: ${thrown}`,
  );
  void ended.then(() => resolve()); // a guest that never began must not be waited for
  return { started, ended, abort: () => controller.abort() };
}
