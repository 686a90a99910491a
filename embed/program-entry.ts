// Which function of a program is called, and with what.
import type { FunctionType } from "../kernel/index.ts";
import type { ProgramRequest } from "./program-options.ts";

export interface Entry {
  readonly name: string;
  readonly args: readonly (number | bigint)[];
  /** A C program's `main`: its result is the exit code. */
  readonly isMain: boolean;
}

type Entries = ReadonlyMap<string, FunctionType>;

const USUAL = ["_start", "main"];
const I32 = 0x7f;
const I64 = 0x7e;

const listOf = (entries: Entries): string => [...entries.keys()].slice(0, 50).join(", ") || "no function";

function argument(value: number | bigint, type: number, place: number): number | bigint | string {
  if (type !== I32 && type !== I64) return Number(value);
  if (typeof value === "number" && !Number.isInteger(value)) return `argument ${place + 1} is no whole number`;
  return type === I64 ? BigInt(value) : Number(BigInt.asIntN(32, BigInt(value)));
}

/** `main(argc, argv)` without arguments gets none: zeros. */
function argumentsOf(name: string, params: readonly number[], given: readonly (number | bigint)[]): Entry | string {
  const values = given.length === 0 && name === "main" ? params.map(() => 0) : given;
  if (values.length !== params.length) return `${name} takes ${params.length} numbers, not ${values.length}`;
  const args = params.map((type, place) => argument(values[place] as number | bigint, type, place));
  const bad = args.find((one) => typeof one === "string");
  return bad ?? { name, args: args as (number | bigint)[], isMain: false };
}

/** The entry that is asked for or usual, or why there is none. */
export function findEntry(entries: Entries, { entry, entryArgs = [] }: ProgramRequest): Entry | string {
  const name = entry ?? USUAL.find((usual) => entries.has(usual));
  if (name === undefined) return `it exports neither ${USUAL.join(" nor ")}: it exports ${listOf(entries)}`;
  const type = entries.get(name);
  if (type === undefined) return `it exports no function ${JSON.stringify(name)}: it exports ${listOf(entries)}`;
  const found = argumentsOf(name, type.params, entryArgs);
  if (typeof found === "string") return found;
  return { ...found, isMain: name === "main" && type.results.length === 1 && type.results[0] === I32 };
}
