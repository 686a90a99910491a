// The toolchain's public API: re-exports only.
export { type Instrumented, instrument, type Options, type Refused } from "./instrument.ts";
export { type Linked, link, type Unlinkable, type Unreadable } from "./link.ts";
export { type Parsed, parseScript, type SyntaxNode } from "./parse.ts";
export { type CheckPlace, checkPlaces } from "./places.ts";
export type { Foreign } from "./source.ts";
