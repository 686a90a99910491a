// What a program's own bytes say of it. What was made of them, and may come from a cache, is not asked.
import { CORDON, decode, type FunctionType, type Module } from "../kernel/index.ts";

export interface ProgramFacts {
  /** The types of its exported functions. */
  readonly entries: ReadonlyMap<string, FunctionType>;
  /** Does it import anything but gates? */
  readonly usesLibrary: boolean;
  /** How far its memory may grow. With the library there are pages behind its own: the library keeps the maximum then. */
  readonly maxPages: number;
}

const FUNCTION = 0;

function entriesOf({ imports, functions, types, exports }: Module): ReadonlyMap<string, FunctionType> {
  const all = [...imports.filter(({ kind }) => kind === "function").map(({ type }) => type), ...functions];
  const found = exports.flatMap(({ name, kind, index }): [string, FunctionType][] => {
    const type = types[all[index] ?? -1];
    return kind === FUNCTION && type !== undefined ? [[name, type]] : [];
  });
  return new Map(found);
}

/** Undefined if the bytes are no module. */
export function programFacts(program: Uint8Array, utf8: (bytes: Uint8Array) => string): ProgramFacts | undefined {
  try {
    const module = decode(program, utf8);
    const usesLibrary = module.imports.some((row) => row.kind !== "function" || row.module !== CORDON);
    const most = usesLibrary ? undefined : module.memories[0]?.max;
    return { entries: entriesOf(module), usesLibrary, maxPages: most ?? Number.POSITIVE_INFINITY };
  } catch {
    return undefined;
  }
}
