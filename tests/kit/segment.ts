// A host for artifacts in segment mode, as small as can be: one memory for all, a base, virtual pages, data written by hand.
// It is told nothing by the kernel but how an artifact is decoded, so that it can also run what the verifier refuses.
import { dataSectionAt, IMPORTS, type Mode, PAGE } from "../../kernel/index.ts";
import { decodeModule } from "./disassemble.ts";

export type Segment = Extract<Mode, { kind: "segment" }>;

export interface SegmentGuest {
  /** A result, or "trap". A guest that has trapped can be called again. */
  call(name: string, args: readonly (number | bigint)[]): unknown;
  /** Fuel that was used so far. */
  spent(): number;
  /** A global of the artifact, by its number. */
  global(index: number): WebAssembly.Global;
}

export interface SegmentWorld {
  readonly memory: Uint8Array;
  /** An instance in the segment that begins at `base`, with the memory that its data section says. */
  birth(bytes: Uint8Array, base: number): SegmentGuest;
  /** Runs an export of a new instance. */
  run(bytes: Uint8Array, base: number, name: string, args: readonly (number | bigint)[]): unknown;
}

export const TRAP = "trap";
const FUEL = 50_000_000;
const DEPTH = 500_000;
const RESERVED = ["fuel", "depth", "pages", "base"];

type Exports = Readonly<Record<string, WebAssembly.Global & ((...args: (number | bigint)[]) => unknown)>>;

function imports(memory: WebAssembly.Memory, self: () => Exports, most: number): WebAssembly.ModuleImports {
  const grow = (more: number): number => {
    const pages = self()["cordon.pages"] as WebAssembly.Global;
    const old = Number(pages.value);
    if (more >>> 0 > most - old) return -1;
    pages.value = old + more;
    return old;
  };
  const refuse = Object.fromEntries(IMPORTS.map(({ name }) => [name, () => -1]));
  return { ...refuse, memory, slice: () => -2, grow };
}

const compiled = new WeakMap<Uint8Array, WebAssembly.Module>();

/** As the kernel does it: the host's engine never sees the data section, which would be written to absolute places. */
function compile(bytes: Uint8Array): WebAssembly.Module {
  const known = compiled.get(bytes);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(bytes.slice(0, dataSectionAt(bytes, decodeModule(bytes))));
  compiled.set(bytes, module);
  return module;
}

function call(entry: unknown, args: readonly (number | bigint)[]): unknown {
  try {
    return (entry as (...all: (number | bigint)[]) => unknown)(...args);
  } catch (thrown) {
    if (thrown instanceof WebAssembly.RuntimeError) return TRAP;
    throw thrown;
  }
}

/** One memory of `pages`, in which segments of the mode's size lie side by side. */
export function segmentWorld(mode: Segment, pages: number): SegmentWorld {
  const shared = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const memory = new Uint8Array(shared.buffer);
  const birth = (bytes: Uint8Array, base: number): SegmentGuest => {
    const module = decodeModule(bytes);
    let exports: Exports = {};
    const cordon = imports(shared, () => exports, (mode.mask + 1) / PAGE);
    exports = new WebAssembly.Instance(compile(bytes), { cordon }).exports as unknown as Exports;
    const global = (index: number) => exports[`cordon.${RESERVED[index] ?? index}`] as WebAssembly.Global;
    for (const { offset = 0, from, length } of module.data)
      memory.set(bytes.subarray(from, from + length), base + (offset >>> 0));
    [FUEL, DEPTH, module.imports[0]?.limits.min ?? 0, base].forEach((value, index) => {
      global(index).value = value;
    });
    return {
      call(name, args) {
        global(1).value = DEPTH; // what a trap has not given back
        return call(exports[name], args);
      },
      spent: () => FUEL - global(0).value,
      global,
    };
  };
  return { memory, birth, run: (bytes, base, name, args) => birth(bytes, base).call(name, args) };
}
