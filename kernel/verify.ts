// Do these bytes obey every rule? The layout of the whole module; body.ts judges each function.
//
// Invariants
//   Y1  Nothing rests on how the bytes came about: only their shape counts.
//   Y2  Time is linear in the bytes, the verifier's own stack is bounded.
//   Y3  What precedes the data section, which is the last, is all that the host's engine need see.
// Trust
//   Relies on the host engine's validation of the same copy, up to the data section. Trusted by domain.ts.
//
// All globals are exported, the guest's too, so that the kernel can copy them, write them and put another domain's in
// their place. That harms nobody: exports of an instance reach the kernel alone, and to it these values are a guest's
// bytes as memory is. What guest code can name stays what it was.
import { type BodySummary, type Mode, verifyBodies } from "./body.ts";
import { matches, type Refusal, refuse } from "./bytes.ts";
import { type Inline, inline } from "./inline.ts";
import { GUARD, MAX_INITIAL_PAGES, MAX_TABLE, PAGE, SEGMENT_MASKS } from "./limits.ts";
import type { FunctionType, Global, Module } from "./module.ts";
import { CORDON, I32, IMPORTS, nameable, trampolines } from "./trampolines.ts";

/** Names of the first exports; all globals are exported before all functions. */
export const RESERVED_EXPORTS = ["cordon.fuel", "cordon.depth", "cordon.pages", "cordon.base"] as const;
/** Of a global, by its number. */
export const reservedExport = (global: number): string => RESERVED_EXPORTS[global] ?? `cordon.${global}`;
/** Exports that the kernel calls without being told so, with their results; none has parameters. */
const ENTRIES = new Map(Object.entries({ cordon_turn: 1, cordon_init: 0 }));

/**
 * `initialPages`: of memory, with which the artifact begins. `data`: what lies there at birth: bytes [from, from + length)
 * of the artifact go to `to`, the later ones over the earlier. `globals`: all, by number, of which the first `reserved` are the kernel's. `reasons`: of its monitors.
 */
export type Verified = BodySummary &
  Readonly<Record<"initialPages" | "reserved", number>> & {
    readonly data: readonly Readonly<Record<"to" | "from" | "length", number>>[];
    readonly globals: readonly Pick<Global, "type" | "mutable">[];
    readonly reasons: readonly string[];
  };

/** Runs what may throw a Refusal. The one place that catches it. */
export function attempt<T>(judge: () => T): { readonly value: T } | Refusal {
  try {
    return { value: judge() };
  } catch (thrown) {
    if (thrown !== null && typeof thrown === "object" && "rule" in thrown && "at" in thrown) return thrown as Refusal;
    throw thrown;
  }
}

const i32s = (count: number): string => Array(count).fill(I32).join();
const isNumbers = (type: FunctionType | undefined, params: number, results: number): boolean =>
  type?.params.join() === i32s(params) && type.results.join() === i32s(results);

function checkSections(module: Module): void {
  let last = -1;
  for (const { id, at } of module.sections) {
    const place = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11].indexOf(id);
    if (place <= last || id === 5 || id === 8 || id === 12) refuse("V2-sections", at);
    last = place;
  }
}

function checkImports(module: Module): number {
  const [memory, ...functions] = module.imports;
  const isOurs = memory?.kind === "memory" && memory.module === CORDON && memory.name === "memory";
  if (!isOurs || memory.limits.max !== undefined) return refuse("V1-imports", memory?.at ?? 0);
  if (memory.limits.min > MAX_INITIAL_PAGES) return refuse("V1-imports", memory.at);
  for (let i = 0; i < Math.max(functions.length, IMPORTS.length); i++) {
    const [found, row] = [functions[i], IMPORTS[i]];
    const fits = found?.kind === "function" && found.module === CORDON && found.name === row?.name;
    if (!fits || !isNumbers(module.types[found.type], row.params, 1)) refuse("V1-imports", found?.at ?? memory.at);
  }
  return memory.limits.min;
}

function checkTrampolines(bytes: Uint8Array, module: Module, { kind }: Mode, inlined: Inline): void {
  for (const [index, row] of trampolines(kind, inlined).entries()) {
    const body = module.bodies[index] ?? refuse("V1-trampolines", 0);
    const type = module.types[module.functions[index] ?? -1];
    const same = body.end - body.at === row.body.length && matches(bytes, body.at, row.body);
    if (!same || !isNumbers(type, row.params, row.results)) refuse("V1-trampolines", body.at);
  }
}

function checkGlobals(bytes: Uint8Array, module: Module, { firstOwn }: Inline): void {
  for (let i = 0; i < firstOwn; i++) {
    const [global, type] = [module.globals[i], i < RESERVED_EXPORTS.length ? I32 : 0x7e];
    const isOurs = global?.type === type && global.mutable && (type === I32 || matches(bytes, global.at, [0x42, 0]));
    if (!isOurs) refuse("V1-globals", global?.at ?? 0);
  }
}

function checkExports(module: Module): void {
  for (const i of module.globals.keys()) {
    const row = module.exports[i];
    if (row?.name !== reservedExport(i) || row.kind !== 3 || row.index !== i) refuse("V1-exports", row?.at ?? 0);
  }
  for (const { at, name, kind, index } of module.exports.slice(module.globals.length)) {
    const results = ENTRIES.get(name);
    const type = module.types[module.functions[index - IMPORTS.length] ?? -1];
    if (kind !== 0 || name.startsWith("cordon.")) refuse("V1-exports", at);
    if (!nameable(index)) refuse("V1-nameable", at);
    if (results !== undefined && !isNumbers(type, 0, results)) refuse("V1-exports", at);
  }
}

function checkTable(module: Module): void {
  const [table] = module.tables;
  if (table?.min !== table?.max || (table?.min ?? 0) > MAX_TABLE || module.tables.length > 1) refuse("V2-table", 0);
  for (const segment of module.elements) {
    if (!segment.active || segment.offset === undefined) refuse("V2-elements", segment.at);
    if (!segment.functions.every(nameable)) refuse("V1-nameable", segment.at);
    const from = (segment.offset as number) >>> 0;
    if (from + segment.functions.length > (table?.min ?? 0)) refuse("V2-elements", segment.at);
  }
}

function checkData(module: Module, initialPages: number): Verified["data"] {
  return module.data.map(({ at, active, offset, from, length }) => {
    const to = active && offset !== undefined ? offset >>> 0 : refuse("V2-data", at);
    return to + length > initialPages * PAGE ? refuse("V2-data", at) : { to, from, length };
  });
}

/** A mode is the embedder's, and may be made of what somebody sent. */
function checkMode(mode: Mode, initialPages: number): void {
  if (mode.kind === "frame") return;
  const isSegment = mode.kind === "segment" && SEGMENT_MASKS.includes(mode.mask) && mode.guard === GUARD;
  if (!isSegment || initialPages * PAGE > mode.mask + 1) refuse("V7-segment", 0);
}

/**
 * Judges bytes of which the host engine has validated all before the data section, and what decode.ts made of them.
 * Throws a Refusal.
 */
export function verify(bytes: Uint8Array, module: Module, mode: Mode): Verified {
  checkSections(module);
  const inlined = inline(mode.monitors);
  const initialPages = checkImports(module);
  checkMode(mode, initialPages);
  checkTrampolines(bytes, module, mode, inlined);
  checkGlobals(bytes, module, inlined);
  checkExports(module);
  checkTable(module);
  const data = checkData(module, initialPages);
  const globals = module.globals.map(({ type, mutable }) => ({ type, mutable }));
  const { reasons, firstOwn: reserved } = inlined;
  return { initialPages, data, globals, reserved, reasons, ...verifyBodies(bytes, module, mode, inlined) };
}
