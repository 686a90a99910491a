// Runs modules as they are and as artifacts, with a host that is as plain as it can be, and tells what each did.
import { dataSectionAt, decode, GUARD, type Mode, type Module, verify } from "../../kernel/index.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";

const PAGE = 65_536;
const decoder = new TextDecoder();

export interface Machine {
  readonly exports: Readonly<Record<string, (...args: (number | bigint)[]) => unknown>>;
  /** The guest's own memory. */
  memory(): Uint8Array;
  /** Fuel that was used so far. */
  spent(): number;
}

export const FRAME: Mode = { kind: "frame" };

/** Addresses of a segment: 2 pages, above as many bytes that belong to others. */
export const SEGMENT: Extract<Mode, { kind: "segment" }> = { kind: "segment", mask: 2 * PAGE - 1, guard: GUARD };
const SEGMENT_BASE = 8 * PAGE;

const moduleOf = (artifact: Uint8Array): Module => decode(artifact, (bytes) => decoder.decode(bytes));

/** Instruments and verifies; throws what went wrong. */
export function artifactOf(source: Uint8Array<ArrayBuffer>, mode: Mode = FRAME): Uint8Array<ArrayBuffer> {
  if (!WebAssembly.validate(source)) throw new Error("the source is not valid");
  const made = instrument(source, { mode });
  if (made.kind === "refused") throw new Error(`refused at ${made.at}: ${made.why}`);
  verify(made.bytes, moduleOf(made.bytes), mode);
  return made.bytes as Uint8Array<ArrayBuffer>;
}

export interface Host {
  readonly fuel?: number;
  readonly depth?: number;
  readonly pages?: number;
  readonly gates?: Readonly<Record<string, (...args: number[]) => number>>;
}

/** `grow` as the kernel does it, on a memory that is all there already. */
function growWithin(pages: WebAssembly.Global, most: number): (delta: number) => number {
  return (delta) => {
    const old = pages.value as number;
    if (old + (delta >>> 0) > most) return -1;
    pages.value = old + delta;
    return old;
  };
}

export function runArtifact(artifact: Uint8Array<ArrayBuffer>, mode: Mode = FRAME, host: Host = {}): Machine {
  const { fuel = 100_000_000, depth = 500_000, pages = 2, gates = {} } = host;
  const base = mode.kind === "segment" ? SEGMENT_BASE : 0;
  const memory = new WebAssembly.Memory({ initial: mode.kind === "segment" ? 32 : 4, maximum: 64 });
  const globals = (): Record<string, WebAssembly.Global> => instance.exports as Record<string, WebAssembly.Global>;
  const nothing = (): number => -1;
  const grow = (delta: number): number => growWithin(globals()["cordon.pages"] as WebAssembly.Global, 3)(delta);
  const imports = { memory, slice: nothing, yield: nothing, enter: nothing, grow };
  const others = { call: nothing, reply: nothing, receive: nothing, answer: nothing };
  const module = moduleOf(artifact);
  const code = artifact.slice(0, dataSectionAt(artifact, module));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), {
    cordon: { ...imports, ...others, ...gates },
  });
  const set = (name: string, value: number): void => {
    (globals()[`cordon.${name}`] as WebAssembly.Global).value = value;
  };
  set("fuel", fuel);
  set("depth", depth);
  set("pages", pages);
  set("base", base);
  for (const { offset = 0, from, length } of module.data)
    new Uint8Array(memory.buffer).set(artifact.subarray(from, from + length), base + offset);
  return {
    exports: instance.exports as Machine["exports"],
    memory: () => new Uint8Array(memory.buffer, base, 2 * PAGE),
    spent: () => fuel - ((globals()["cordon.fuel"] as WebAssembly.Global).value as number),
  };
}

export function runOriginal(source: Uint8Array<ArrayBuffer>): Machine {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(source), {});
  const memory = instance.exports["memory"] as WebAssembly.Memory | undefined;
  return {
    exports: instance.exports as unknown as Machine["exports"],
    memory: () => new Uint8Array(memory?.buffer ?? new ArrayBuffer(0)).subarray(0, 2 * PAGE),
    spent: () => 0,
  };
}

/** A result, or "trap" where the guest ended so. */
export function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof WebAssembly.RuntimeError) return "trap";
    throw thrown;
  }
}
