// The policy language's public API: re-exports only.
export { compile, type Machine, type State } from "./compile.ts";
export { CODES as POLICY_CODES, type Diagnostic, render as renderDiagnostic } from "./diagnostic.ts";
export { type Enforced, newEnforced, newShared, type Shared } from "./enforce/judgement.ts";
export { newMonitor } from "./enforce/monitor.ts";
export type { Decided, EnforcePowers, Question } from "./enforce/types.ts";
export { format } from "./format.ts";
export { isPolicySource, type PolicyOptions, type PolicySource, UNJUDGED } from "./given.ts";
export { fromJson, toJson } from "./json.ts";
export { type Loaded, load } from "./load.ts";
export { vocabularyOf } from "./operations.ts";
export { parse } from "./parse.ts";
export { print } from "./print.ts";
export type { Decision as PolicyDecision, Joined, PolicyEvent, RPolicy, RRule } from "./resolved.ts";
export { policy } from "./source.ts";
export type { File as PolicyFile, Policy as PolicyTree, Verdict } from "./tree.ts";
export type { Operation, Vocabulary } from "./vocabulary.ts";
