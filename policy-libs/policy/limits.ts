// Bounds of policy files. What is beyond one is refused when a file is loaded, with a P4xx diagnostic: a policy never
// runs out of anything while it decides.

/** Of one file, in UTF-8. A person wrote it. Keeps the time to read it in milliseconds. */
export const MAX_FILE = 512 * 1024; // bytes
/** Of one file, and of all that a load joins. Each costs a row per event. */
export const MAX_RULES = 2_048; // rules
/** Parentheses and `not` around a condition. Keeps every recursion over a tree finite. */
export const MAX_DEPTH = 16; // levels
/** Conditions, terms and patterns of all that a load makes, with each `let` put in wherever it is named. */
export const MAX_NODES = 1 << 18; // nodes
/** What a policy remembers of a domain: every fork copies it. */
export const MAX_STATE = 16 * 1024; // bytes
/** Of a list, of remembered values, of keys after `by`, of steps of a window. */
export const MAX_VALUES = 4_096; // values
/** A clock of 32 bits in milliseconds would not hold it; a window longer than a year is a mistake. */
export const MAX_DURATION = 366 * 24 * 60 * 60 * 1000; // milliseconds
/** Files that import files. */
export const MAX_IMPORT_DEPTH = 8; // files
/** From here on a `level` is only known to be at least this: its register has 16 bits. */
export const MAX_LEVEL = 65_535; // events
/** Integers of the language are exact doubles. */
export const MAX_INT = Number.MAX_SAFE_INTEGER;
