// isolated-vm 7: V8 isolates in this process, with the JIT. A native add-on, so its types are told here.
import { loadPeer } from "../peers.ts";
import type { Box, Contender, HostFunctions } from "../types.ts";

interface Jail {
  setSync(name: string, value: unknown, options?: object): void;
}
interface Context {
  readonly global: Jail;
  eval(code: string, options: object): Promise<unknown>;
  evalSync(code: string, options: object): unknown;
}
interface Isolate {
  createContextSync(): Context;
  dispose(): void;
}
interface Module {
  readonly Isolate: {
    new (options: object): Isolate;
    createSnapshot(scripts: readonly { readonly code: string }[]): unknown;
  };
  readonly Callback: new (call: unknown, options?: object) => unknown;
  readonly Reference: new (target: unknown) => unknown;
}

/** How its documentation passes functions: callbacks where the call is synchronous, a reference where it is not. */
const GLUE = `globalThis.host = {
  add: $add, text: $text, record: $record,
  later: (value) => $later.apply(undefined, [value], { result: { promise: true } }),
};`;

function install(ivm: Module, { global }: Context, host: HostFunctions): void {
  for (const name of ["add", "text", "record"] as const) {
    global.setSync(`$${name}`, new ivm.Callback(host[name]));
  }
  global.setSync("$later", new ivm.Reference(host.later));
}

const boxOf = (isolate: Isolate, context: Context): Box => ({
  evaluate: (expression) =>
    expression.startsWith("awaits(")
      ? context.eval(expression, { promise: true })
      : context.evalSync(expression, { copy: true }),
  close: () => isolate.dispose(),
});

export async function isolatedVm(): Promise<Contender> {
  const ivm = ((await loadPeer("isolated-vm")) as { default: Module }).default;
  return {
    name: "isolated-vm",
    async warm(setup) {
      const snapshot = ivm.Isolate.createSnapshot([{ code: setup }]);
      return () => {
        const isolate = new ivm.Isolate({ memoryLimit: 128, snapshot });
        return boxOf(isolate, isolate.createContextSync());
      };
    },
    open(setup, host) {
      const isolate = new ivm.Isolate({ memoryLimit: 128 });
      const context = isolate.createContextSync();
      if (host !== undefined) install(ivm, context, host);
      if (host !== undefined) context.evalSync(GLUE, {});
      if (setup !== "") context.evalSync(setup, {});
      return boxOf(isolate, context);
    },
  };
}
