// A host for artifacts in segment mode, as small as can be: one memory for all, a base, virtual pages. The kernel gets its
// own arenas later; what this shows already is that an artifact that the verifier accepts stays inside its segment.
import { IMPORTS, type Mode, PAGE } from "../../kernel/index.ts";

export type Segment = Extract<Mode, { kind: "segment" }>;

export interface SegmentWorld {
  readonly memory: Uint8Array;
  /** Runs an export in the segment that begins at `base`; undefined is a trap. */
  run(bytes: Uint8Array, base: number, pages: number, name: string, args: readonly (number | bigint)[]): unknown;
}

const FUEL = 50_000_000;

type Exports = Readonly<Record<string, WebAssembly.Global & ((...args: (number | bigint)[]) => unknown)>>;

function imports(memory: WebAssembly.Memory, self: () => Exports, most: number): Record<string, unknown> {
  const pages = (): WebAssembly.Global => self()["cordon.pages"] as WebAssembly.Global;
  const grow = (more: number): number => {
    const old = Number(pages().value);
    if (more >>> 0 > most - old) return -1;
    pages().value = old + more;
    return old;
  };
  const refuse = Object.fromEntries(IMPORTS.map(({ name }) => [name, () => -1]));
  return { ...refuse, memory, slice: () => -2, grow };
}

/** One memory of `pages`, in which segments of the mode's size lie side by side. */
export function segmentWorld(mode: Segment, pages: number): SegmentWorld {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const compiled = new Map<Uint8Array, WebAssembly.Module>();
  const most = (mode.mask + 1) / PAGE;
  return {
    memory: new Uint8Array(memory.buffer),
    run(bytes, base, initialPages, name, args) {
      const module = compiled.get(bytes) ?? new WebAssembly.Module(Uint8Array.from(bytes));
      compiled.set(bytes, module);
      let exports: Exports = {};
      const cordon = imports(memory, () => exports, most) as WebAssembly.ModuleImports;
      exports = new WebAssembly.Instance(module, { cordon }).exports as unknown as Exports;
      const set = (global: string, value: number): void => {
        (exports[`cordon.${global}`] as WebAssembly.Global).value = value;
      };
      set("fuel", FUEL);
      set("depth", 500_000);
      set("pages", initialPages);
      set("base", base);
      try {
        return (exports[name] as (...all: (number | bigint)[]) => unknown)(...args);
      } catch {
        return undefined;
      }
    },
  };
}
