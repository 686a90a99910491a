// cordon/testing: generators, oracles and matchers with which to attack the kernel, your host functions and your policies.
// Needs fast-check; the matchers go with vitest (`expect.extend(matchers)`) or any runner of the same shape.
export { assemble, type Code, encode, type FunctionParts, type Instruction, type Parts, textOf } from "./assemble.ts";
export { type Canaries, canarySource, worldWithCanaries } from "./canaries.ts";
export { decodeModule, disassemble, type Seen } from "./disassemble.ts";
export {
  anyMutilation,
  anyProgram,
  anySpinner,
  type GeneratorOptions,
  type Mutilation,
  mutilate,
} from "./generators.ts";
export { type Laws, lawBreakers } from "./laws.ts";
export { matchers, type OutcomeMatchers } from "./matchers.ts";
export { probeSource } from "./probe.ts";
export { type Program, type ProgramShape, programOf } from "./program.ts";
export { type SegmentGuest, type SegmentWorld, segmentWorld } from "./segment.ts";
export { append, editBody, editSection } from "./surgery.ts";
export {
  artifactBytes,
  fakePowers,
  LIMITS,
  loadSource,
  mustReturn,
  newKernel,
  PLENTY,
  realPowers,
  type SpawnOptions,
  spawn,
  spawnSource,
} from "./world.ts";
