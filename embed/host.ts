// What the host may offer beyond the language: looked for once, used only where it is. No import of node:*.
//
// A guest cannot reach any of this.

interface BufferPrototype {
  utf8Slice?(this: Uint8Array, start: number, end: number): string;
}
interface Builtins {
  readonly util: { readonly types: { isProxy(value: unknown): boolean } };
  readonly crypto: { hash?(algorithm: "sha256", data: Uint8Array, encoding: "hex"): string };
}
interface NodeLike {
  readonly Buffer?: { readonly prototype: BufferPrototype };
  readonly process?: {
    getBuiltinModule?<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined;
    cwd?(): string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  };
  readonly setImmediate?: (task: () => void) => unknown;
}

const node = globalThis as unknown as NodeLike;

/** A module of Node, or of a host that has the same. */
function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  try {
    return node.process?.getBuiltinModule?.(name);
  } catch {
    return undefined;
  }
}

const findIsProxy = (): ((value: unknown) => boolean) => builtin("util")?.types.isProxy ?? (() => false);

/** Only Node can tell; elsewhere a proxy is copied by one read of each property. */
export const isProxy = findIsProxy();

/** Node's native decoder: no view to make, and twice as fast as TextDecoder on short text. */
export const utf8Slice = node.Buffer?.prototype.utf8Slice;

/** SHA-256 in hexadecimal, where the host does it at once; WebCrypto only promises. Looked for when it is asked for. */
export function findSha256(): ((bytes: Uint8Array) => string) | undefined {
  const hash = builtin("crypto")?.hash;
  return hash === undefined ? undefined : (bytes) => hash("sha256", bytes, "hex");
}

/** Runs a task after the host's own events. */
export function findLater(): (task: () => void) => void {
  const immediate = node.setImmediate;
  if (immediate !== undefined) return (task) => void immediate(task);
  const tasks: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => tasks.shift()?.();
  return (task) => {
    tasks.push(task);
    port2.postMessage(undefined);
  };
}

/** Folders of this process that no message to a guest may name. */
export function privateFolders(): string[] {
  const { process } = node;
  const found = [process?.cwd?.(), process?.env?.["HOME"], process?.env?.["USERPROFILE"]];
  return found.filter((folder): folder is string => folder !== undefined && folder.length > 1);
}
