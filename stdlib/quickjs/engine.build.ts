// The engine's binary as npm ships it (`quickjs-wasi`), as a compiler of the bootstrap, and the two changes in its code
// that we need: it asks the adapter how large an arena of small objects shall be (adapter/arenas.ts), and for tables that
// are not in memory (frozen.build.ts).
//
// The hooks come in by imports that the engine has and that nothing calls, for the adapter replaces what would: its own
// module loader and its report of rejections. So no function gets another number.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FROZEN, guardBody } from "./frozen.build.ts";
import { concat, readBodies, u32, writeBodies } from "./sections.build.ts";

const require = createRequire(import.meta.url);

export const shippedEngine = (): Uint8Array =>
  readFileSync(join(dirname(require.resolve("quickjs-wasi/package.json")), "quickjs.wasm"));

/** The imports that carry hooks, by their numbers, and the hooks, which take and give as many numbers. */
export const HOOKS = {
  host_module_load: { index: 4, name: "arena_room" },
  host_promise_rejection: { index: 2, name: "thaw" },
} as const;

/** `4072 / arena_block_sizes[size]`: the room of an arena, the size in local 2 and the runtime in local 0. */
const ROOM = [0x41, 0xe8, 0x1f];
const DIVIDED = [0x20, 0x02, 0x41, 0x01, 0x74, 0x2f, 0x01];
const HOOKED = [0x20, 0x00, 0x20, 0x02, 0x10, ...u32(HOOKS.host_module_load.index)];

const placeOf = (pattern: readonly number[], bytes: Uint8Array): number =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(Buffer.from(pattern));

function askForRoom(code: Uint8Array): Uint8Array {
  const place = placeOf([...ROOM, ...DIVIDED], code);
  if (place < 0) return code;
  return concat([code.subarray(0, place), Uint8Array.from(HOOKED), code.subarray(place + ROOM.length)]);
}

/** The code section with both hooks. */
export function hookCode(section: Uint8Array): Uint8Array {
  let asking = 0;
  const tables = frozenBytes();
  const probes = FROZEN.map(([from], table) => from + (tables[table] as Uint8Array).findIndex((byte) => byte !== 0));
  const hooked = readBodies(section).map((code) => {
    const changed = askForRoom(code);
    if (changed !== code) asking++;
    return guardBody(changed, probes, HOOKS.host_promise_rejection.index);
  });
  if (asking !== 1) throw new Error("this engine makes its arenas in another way");
  return writeBodies(hooked);
}

/** The bytes of each frozen table. */
export function frozenBytes(): Uint8Array[] {
  const { memory } = instantiate();
  return FROZEN.map(([from, to]) => new Uint8Array(memory.buffer.slice(from, to)));
}

export interface Shipped {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  qjs_init(): number;
  qjs_get_context_ptr(): number;
  malloc(size: number): number;
  JS_ToCStringLen2(context: number, lengthAt: number, value: bigint, cesu8: number): number;
  JS_Eval2(context: number, source: number, length: number, options: number): bigint;
  JS_WriteObject(context: number, sizeAt: number, value: bigint, flags: number): number;
}

function instantiate(bytes = shippedEngine()): Shipped {
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => 0;
  }
  return new WebAssembly.Instance(module, imports).exports as unknown as Shipped;
}

/** The engine as npm ships it, or as these bytes have it, started. Its clock and its randomness stand still. */
export function startShipped(bytes?: Uint8Array): Shipped {
  const engine = instantiate(bytes);
  engine._initialize();
  if (engine.qjs_init() !== 0) throw new Error("the engine does not start");
  return engine;
}

const COMPILE_ONLY = 32;
/** What JS_WriteObject may write. */
const BYTECODE = 1;
const TAG_EXCEPTION = 6n,
  TAG_FUNCTION_BYTECODE = -2;
const FILE = "cordon:engine";

// A function's bytecode, as the engine lays it out on a 32-bit machine: where its words are.
const VARIABLES = { at: 24, counts: [32, 34], size: 20, name: 0 } as const;
const CAPTURED = { at: 28, counts: [42], size: 8, name: 4 } as const;
const CONSTANTS = { at: 52, count: 44, size: 8 } as const;
const LINE = 60,
  COLUMN = 64,
  SOURCE_LENGTH = 68,
  PLACES_LENGTH = 72;
/** How a variable was captured: above this by its name, from the global scope. */
const MOST_LOCAL = 2;

/**
 * Takes out of a function and those in it what only debuggers need: names of variables, each a string that the engine
 * would keep, the places of instructions, and the source. What is left is the name of the file, for stacks.
 */
function settleNames(words: DataView, code: number): void {
  const names = ({ at, counts, size, name }: typeof VARIABLES | typeof CAPTURED) => {
    const count = counts.reduce((sum: number, where) => sum + words.getUint16(code + where, true), 0);
    return Array.from({ length: count }, (_, i) => words.getUint32(code + at, true) + i * size + name);
  };
  for (const at of names(VARIABLES)) words.setUint32(at, 0, true);
  for (const at of names(CAPTURED))
    if ((words.getUint8(at - CAPTURED.name) & 7) <= MOST_LOCAL) words.setUint32(at, 0, true);
  for (const at of [LINE, COLUMN, SOURCE_LENGTH, PLACES_LENGTH]) words.setUint32(code + at, 0, true);
  for (let i = words.getUint32(code + CONSTANTS.count, true) - 1; i >= 0; i--) {
    const at = words.getUint32(code + CONSTANTS.at, true) + i * CONSTANTS.size;
    if (words.getInt32(at + 4, true) === TAG_FUNCTION_BYTECODE) settleNames(words, words.getUint32(at, true));
  }
}

/** What the engine reads back as a function without compiling anything. */
export function compileBytecode(source: string): Uint8Array {
  const engine = startShipped();
  const put = (bytes: Uint8Array): number => {
    const at = engine.malloc(bytes.length);
    new Uint8Array(engine.memory.buffer).set(bytes, at);
    return at;
  };
  const text = Buffer.from(`${source}\0`);
  const options = put(new Uint8Array(Int32Array.of(1, COMPILE_ONLY, put(Buffer.from(`${FILE}\0`)), 1).buffer));
  const context = engine.qjs_get_context_ptr();
  const compiled = engine.JS_Eval2(context, put(text), text.length - 1, options);
  if (compiled >> 32n === TAG_EXCEPTION) throw new Error(`the bootstrap does not compile: ${source.slice(0, 200)}`);
  settleNames(new DataView(engine.memory.buffer), Number(compiled & 0xffff_ffffn));
  const at = engine.JS_WriteObject(context, options, compiled, BYTECODE);
  const length = new DataView(engine.memory.buffer).getUint32(options, true);
  return new Uint8Array(engine.memory.buffer.slice(at, at + length));
}
