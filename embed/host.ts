// What the host may offer beyond the language: looked for once, used only where it is. No import of node:*.
//
// A guest cannot reach any of this.

interface BufferPrototype {
  utf8Slice?(this: Uint8Array, start: number, end: number): string;
}
interface NodeLike {
  readonly Buffer?: { readonly prototype: BufferPrototype };
  readonly process?: {
    getBuiltinModule?(name: string): { readonly types: { isProxy(value: unknown): boolean } } | undefined;
    cwd?(): string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  };
  readonly setImmediate?: (task: () => void) => unknown;
}

const node = globalThis as unknown as NodeLike;

function findIsProxy(): (value: unknown) => boolean {
  try {
    return node.process?.getBuiltinModule?.("util")?.types.isProxy ?? (() => false);
  } catch {
    return () => false;
  }
}

/** Only Node can tell; elsewhere a proxy is copied by one read of each property. */
export const isProxy = findIsProxy();

/** Node's native decoder: no view to make, and twice as fast as TextDecoder on short text. */
export const utf8Slice = node.Buffer?.prototype.utf8Slice;

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
