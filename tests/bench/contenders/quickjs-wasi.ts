// quickjs-wasi: the very engine that cordon instruments, without the instruments. One Wasm memory per sandbox.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type JSValueHandle, QuickJS } from "quickjs-wasi";
import type { Box, Contender, HostFunctions } from "../types.ts";

function install(vm: QuickJS, host: HostFunctions): void {
  const later = (value: JSValueHandle): JSValueHandle => {
    const deferred = vm.newPromise();
    void host.later(value.toNumber()).then((answer) => {
      deferred.resolve(vm.newNumber(answer));
      vm.executePendingJobs();
    });
    return deferred.handle;
  };
  const functions = vm.newObject();
  const define = (name: string, call: (...args: JSValueHandle[]) => JSValueHandle): void =>
    functions.setProp(name, vm.newFunction(name, call));
  define("add", (a, b) => vm.newNumber(host.add(a!.toNumber(), b!.toNumber())));
  define("text", (text) => vm.newString(host.text(text!.toString())));
  define("record", (record) => vm.hostToHandle(host.record(vm.dump(record!) as object)));
  define("later", (value) => later(value!));
  vm.setProp(vm.global, "host", functions);
}

/** The promise of the guest is settled by jobs that the host functions above start. */
async function settled(vm: QuickJS, promise: JSValueHandle): Promise<unknown> {
  const done = vm.resolvePromise(promise);
  vm.executePendingJobs();
  const outcome = await done;
  if ("error" in outcome) throw new Error(outcome.error.toString());
  return outcome.value.consume((value) => vm.dump(value));
}

function boxOf(vm: QuickJS): Box {
  return {
    evaluate(expression) {
      const value = vm.evalCode(expression);
      return value.isPromise ? settled(vm, value) : value.consume((handle) => vm.dump(handle));
    },
    close: () => vm.dispose(),
  };
}

export async function quickjsWasi(): Promise<Contender> {
  const bytes = await readFile(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm"));
  const wasm = await WebAssembly.compile(bytes);
  return {
    name: "quickjs-wasi",
    async warm(setup) {
      const vm = await QuickJS.create({ wasm });
      vm.evalCode(setup).dispose();
      const snapshot = vm.snapshot();
      vm.dispose();
      return async () => boxOf(await QuickJS.restore(snapshot, { wasm }));
    },
    async open(setup, host) {
      const vm = await QuickJS.create({ wasm });
      if (host !== undefined) install(vm, host);
      if (setup !== "") vm.evalCode(setup).dispose();
      return boxOf(vm);
    },
  };
}
