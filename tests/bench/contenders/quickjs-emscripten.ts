// quickjs-emscripten: Bellard's QuickJS. Contexts usually share one Wasm memory; the "isolated" flavour has one each,
// from a module that is compiled once, as a careful user would do it.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import {
  newQuickJSWASMModule,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from "quickjs-emscripten";
import type { Box, Contender, HostFunctions } from "../types.ts";

/** A flat record as a guest object: the package has no function for it. */
function recordHandle(vm: QuickJSContext, record: object): QuickJSHandle {
  const object = vm.newObject();
  for (const [key, value] of Object.entries(record)) {
    const handle = scalarHandle(vm, value);
    vm.setProp(object, key, handle);
    handle.dispose();
  }
  return object;
}

function scalarHandle(vm: QuickJSContext, value: unknown): QuickJSHandle {
  if (typeof value === "number") return vm.newNumber(value);
  if (typeof value === "string") return vm.newString(value);
  return value === true ? vm.true : value === false ? vm.false : vm.undefined;
}

function later(vm: QuickJSContext, host: HostFunctions, value: number): QuickJSHandle {
  const deferred = vm.newPromise();
  void host.later(value).then((answer) => {
    vm.newNumber(answer).consume((handle) => deferred.resolve(handle));
    vm.runtime.executePendingJobs();
  });
  return deferred.handle;
}

function install(vm: QuickJSContext, host: HostFunctions): void {
  const functions = vm.newObject();
  const define = (name: string, call: (...args: QuickJSHandle[]) => QuickJSHandle): void =>
    vm.newFunction(name, call).consume((handle) => vm.setProp(functions, name, handle));
  define("add", (a, b) => vm.newNumber(host.add(vm.getNumber(a!), vm.getNumber(b!))));
  define("text", (text) => vm.newString(host.text(vm.getString(text!))));
  define("record", (record) => recordHandle(vm, host.record(vm.dump(record!))));
  define("later", (value) => later(vm, host, vm.getNumber(value!)));
  vm.setProp(vm.global, "host", functions);
  functions.dispose();
}

async function settled(vm: QuickJSContext, promise: QuickJSHandle): Promise<unknown> {
  const done = vm.resolvePromise(promise);
  promise.dispose();
  vm.runtime.executePendingJobs();
  return vm.unwrapResult(await done).consume((value) => vm.dump(value));
}

function boxOf(vm: QuickJSContext, close: () => void): Box {
  return {
    evaluate(expression) {
      const value = vm.unwrapResult(vm.evalCode(expression));
      const isPromise = vm.typeof(value) === "object" && vm.getPromiseState(value).type !== "fulfilled";
      return isPromise ? settled(vm, value) : value.consume((handle) => vm.dump(handle));
    },
    close,
  };
}

function open(module: QuickJSWASMModule, setup: string, host: HostFunctions | undefined): Box {
  const vm = module.newContext();
  if (host !== undefined) install(vm, host);
  if (setup !== "") vm.unwrapResult(vm.evalCode(setup)).dispose();
  return boxOf(vm, () => vm.dispose());
}

async function compiled(): Promise<WebAssembly.Module> {
  const package_ = createRequire(import.meta.url).resolve("quickjs-emscripten");
  const file = createRequire(package_).resolve("@jitl/quickjs-wasmfile-release-sync/wasm");
  return WebAssembly.compile(await readFile(file));
}

export async function quickjsEmscripten(): Promise<readonly Contender[]> {
  const prepared = newVariant(RELEASE_SYNC, { wasmModule: await compiled() });
  const shared = await newQuickJSWASMModule(prepared);
  return [
    { name: "quickjs-emscripten", open: (setup, host) => open(shared, setup, host) },
    {
      name: "quickjs-emscripten isolated",
      open: async (setup, host) => open(await newQuickJSWASMModule(prepared), setup, host),
    },
  ];
}
