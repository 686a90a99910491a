// The host engine: the only file that names WebAssembly, and only the parts of it declared here.
//
// Invariants
//   E1  Verification and compilation, which validates, read one copy of the bytes, made in kernel.ts.
// Trust
//   Trusts the host engine to implement WebAssembly and, where `Suspending` exists, to park and resume stacks.

export type EngineMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
export type EngineFunction = (...args: (number | bigint)[]) => unknown;
type Promised = (...args: (number | bigint)[]) => Promise<unknown>;
type Exports = Readonly<Record<string, unknown>>;
declare const compiled: unique symbol;
export type EngineModule = { readonly [compiled]: true };

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => EngineModule;
  readonly Instance: new (module: EngineModule, imports: Readonly<Record<string, object>>) => { exports: Exports };
  readonly Memory: new (limits: { initial: number; maximum: number }) => EngineMemory;
  readonly CompileError: new () => Error;
  readonly RuntimeError: new () => Error;
  /** Its promise parks the caller's stack. */
  readonly Suspending?: new (
    park: () => Promise<number>,
  ) => object;
  readonly promising?: (exported: EngineFunction) => Promised;
};

/** Can this host park a guest's stack? Without it slices only enforce limits. */
export const canSuspend = WebAssembly.Suspending !== undefined && WebAssembly.promising !== undefined;

/** Validates all of it; code is made function by function, when each is first called. Undefined: not valid. */
export function compile(bytes: Uint8Array): EngineModule | undefined {
  try {
    return new WebAssembly.Module(bytes);
  } catch (thrown) {
    if (thrown instanceof WebAssembly.CompileError) return undefined;
    throw thrown;
  }
}

export const newMemory = (initial: number, maximum: number): EngineMemory =>
  new WebAssembly.Memory({ initial, maximum });

export const instantiate = (module: EngineModule, imports: Readonly<Record<string, unknown>>): Exports =>
  new WebAssembly.Instance(module, { cordon: imports }).exports;

/** Wraps what parks its caller. Where the host cannot, a caller is told "die": it is never called there. */
export const suspendingImport = (park: () => Promise<number>): unknown =>
  WebAssembly.Suspending === undefined ? () => -1 : new WebAssembly.Suspending(park);

/** Enters on a stack of its own where the host can, else on the caller's. The promise rejects with what was thrown. */
export function promising(exported: EngineFunction): Promised {
  let entry: Promised | undefined; // made on first use: a module may have thousands of exports
  return (...args) => {
    entry ??= WebAssembly.promising?.(exported) ?? (async (...given) => exported(...given));
    return entry(...args);
  };
}

export const isTrap = (thrown: unknown): boolean => thrown instanceof WebAssembly.RuntimeError;
