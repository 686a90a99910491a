// What can be found out about policies before anything runs.
export { disjoint, narrower, never, prove, same } from "./claims.ts";
export type { Past } from "./lab.ts";
export { type Conflict, conflicts, contradiction, type Finding, type Reach, reach, ungranted } from "./reach.ts";
export { LIMITS, type Limits, type Options, type Verdict } from "./refine.ts";
export { bound, type Possible, type Residual, residual } from "./residual.ts";
export { isForSolver, MILLISECONDS, proveWith, type SolverOptions } from "./solver/settle.ts";
export type { Solver } from "./solver/solver.ts";
