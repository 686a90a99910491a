// What the calls of files do, as tables: attenuators are derived from them and name no call of their own.
import type { FILES } from "./contract.ts";
import type { FILE } from "./handle-contract.ts";

/** A call of the contract FILES. */
export type FilesCall = keyof typeof FILES.data.calls;
type FileCall = keyof typeof FILE.data.calls;

/** "reads" changes nothing; "writes" may; "opens" may if its options say so. */
type Effect = "reads" | "writes" | "opens";

// biome-ignore format: a table
export const FILES_EFFECTS = {
  readText: "reads", readBytes: "reads", list: "reads", stat: "reads", exists: "reads", openReader: "reads", watch: "reads",
  writeText: "writes", writeBytes: "writes", append: "writes", remove: "writes", makeDirectory: "writes",
  rename: "writes", copy: "writes", truncate: "writes", openWriter: "writes",
  open: "opens",
} as const satisfies Readonly<Record<FilesCall, Effect>>;

// biome-ignore format: a table
export const FILE_EFFECTS = {
  size: "reads", readAt: "reads", flush: "reads", close: "reads",
  writeAt: "writes", truncate: "writes",
} as const satisfies Readonly<Record<FileCall, Effect>>;

/** Which arguments are paths. Where one may be left out, it means the granted directory: ".". */
// biome-ignore format: a table
export const PATH_ARGUMENTS: Readonly<Record<FilesCall, readonly number[]>> = {
  readText: [0], readBytes: [0], list: [0], stat: [0], exists: [0], openReader: [0], watch: [0],
  writeText: [0], writeBytes: [0], append: [0], remove: [0], makeDirectory: [0],
  rename: [0, 1], copy: [0, 1], truncate: [0], openWriter: [0],
  open: [0],
};

/** Of the options of `open`, those that ask for a change. */
export const OPEN_CHANGES = ["write", "create", "exclusive", "truncate"] as const;

const callsOf = (effect: Effect): readonly FilesCall[] =>
  (Object.keys(FILES_EFFECTS) as FilesCall[]).filter((call) => FILES_EFFECTS[call] === effect);

/** Calls that change nothing. */
export const FILES_READS = callsOf("reads");
/** Calls that may change the tree. What only reads refuses them with E_READ_ONLY. */
export const FILES_WRITES = callsOf("writes");
/** Calls of an open file that change it. */
export const FILE_WRITES = (Object.keys(FILE_EFFECTS) as FileCall[]).filter((call) => FILE_EFFECTS[call] === "writes");

/** May this call change something? `options` is its second argument. */
export function isChange(call: FilesCall, options: unknown): boolean {
  const effect: Effect = FILES_EFFECTS[call];
  if (effect !== "opens") return effect === "writes";
  const asked = (options ?? {}) as Readonly<Record<string, unknown>>;
  return OPEN_CHANGES.some((option) => Boolean(asked[option]));
}
