// Do these bytes obey every rule? The layout of the whole module; body.ts judges each function.
//
// Invariants
//   Y1  Nothing rests on how the bytes came about: only their shape counts.
//   Y2  Time is linear in the bytes, the verifier's own stack is bounded.
// Trust
//   Relies on the host engine's validation of the same copy. Trusted by domain.ts.
import { type BodySummary, type Mode, verifyBodies } from "./body.ts";
import { matches, type Refusal, refuse } from "./bytes.ts";
import { type Inline, inline } from "./inline.ts";
import { MAX_INITIAL_PAGES, MAX_TABLE, PAGE } from "./limits.ts";
import type { FunctionType, Module } from "./module.ts";
import { CORDON, I32, IMPORTS, nameable, trampolines } from "./trampolines.ts";

/** Exports that the kernel reads, in order, before all others. */
export const RESERVED_EXPORTS = ["cordon.fuel", "cordon.depth", "cordon.pages", "cordon.base"] as const;
/** Of a reserved global, or of a register, by the global's number. */
export const reservedExport = (global: number): string => RESERVED_EXPORTS[global] ?? `cordon.${global}`;
/** Exports that the kernel calls without being told so, with their results; none has parameters. */
const ENTRIES = new Map(Object.entries({ cordon_turn: 1, cordon_init: 0 }));

/** `initialPages`: of memory, with which the artifact begins. `reasons`: of its monitors. `reserved`: globals of the kernel. */
export type Verified = BodySummary & Readonly<{ initialPages: number; reasons: readonly string[]; reserved: number }>;

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

function checkTrampolines(bytes: Uint8Array, module: Module, inlined: Inline): void {
  for (const [index, row] of trampolines(inlined).entries()) {
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

function checkExports(module: Module, { firstOwn }: Inline): void {
  for (let i = 0; i < firstOwn; i++) {
    const row = module.exports[i];
    if (row?.name !== reservedExport(i) || row.kind !== 3 || row.index !== i) refuse("V1-exports", row?.at ?? 0);
  }
  for (const { at, name, kind, index } of module.exports.slice(firstOwn)) {
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

function checkData(module: Module, initialPages: number): void {
  for (const segment of module.data) {
    if (!segment.active || segment.offset === undefined) refuse("V2-data", segment.at);
    if (((segment.offset as number) >>> 0) + segment.length > initialPages * PAGE) refuse("V2-data", segment.at);
  }
}

/** Judges bytes that the host engine has validated, and what decode.ts made of them. Throws a Refusal. */
export function verify(bytes: Uint8Array, module: Module, mode: Mode): Verified {
  checkSections(module);
  const inlined = inline(mode.monitors);
  const initialPages = checkImports(module);
  checkTrampolines(bytes, module, inlined);
  checkGlobals(bytes, module, inlined);
  checkExports(module, inlined);
  checkTable(module);
  checkData(module, initialPages);
  return {
    initialPages,
    reasons: inlined.reasons,
    reserved: inlined.firstOwn,
    ...verifyBodies(bytes, module, mode, inlined),
  };
}
