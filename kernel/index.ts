// The kernel's public API: re-exports only.
export type { BodySummary, Mode } from "./body.ts";
export { i32, isNumeric, matches, type Reader, readByte, readCount, readI32, readU32, u32 } from "./bytes.ts";
export { type BadValue, checkValue, errorValue } from "./cbor.ts";
export { type Capability, cut, derive, newCapability, release } from "./clist.ts";
export { ANY, type CallContract, type Contract, checkArguments, checkReply, permissive } from "./contract.ts";
export { decode } from "./decode.ts";
export * from "./fuel.ts";
export { type Artifact, createKernel, type Domain, type Grantable, type Kernel } from "./kernel.ts";
export * from "./limits.ts";
export * from "./meter.ts";
export type * from "./module.ts";
export * from "./opcodes.ts";
export { type Ending, KernelBug, type Outcome, type Resource } from "./outcome.ts";
export { RULES, type RuleId } from "./rules.ts";
export type { Field, Found, Shape } from "./shape.ts";
export * from "./trampolines.ts";
export type * from "./types.ts";
export { attempt, RESERVED_EXPORTS, type Verified, verify } from "./verify.ts";
