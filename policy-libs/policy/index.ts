// The policy language's public API: re-exports only.

export { findingsOf } from "./analysis/findings.ts";
export * as policyAnalysis from "./analysis/index.ts";
export { boundOf } from "./bound.ts";
export { type Bounds, boundsOf } from "./bounds.ts";
export { compile, type Machine, type State } from "./compile.ts";
export { CODES as POLICY_CODES, type Diagnostic, render as renderDiagnostic } from "./diagnostic.ts";
export { type Enforced, newEnforced, newShared, type Shared } from "./enforce/judgement.ts";
export { newMonitor } from "./enforce/monitor.ts";
export * as policyMemory from "./enforce/remembered.ts";
export type { Decided, EnforcePowers, Question } from "./enforce/types.ts";
export type { ExplainOptions } from "./explain/explain.ts";
export { explain as explainDecision } from "./explain/explain.ts";
export { type ExplainLogOptions, explainLog, type LoggedRefusal } from "./explain/explained.ts";
export { type Learned, type LearnOptions, learn as learnPolicy, type NotLearned } from "./explain/learn.ts";
export type { LoggedDecision, LoggedRule } from "./explain/log-line.ts";
export {
  type LogEntry,
  type LoggedTrace,
  type LogLimits,
  type LogProblem,
  type ReadLog,
  readLog as readPolicyLog,
} from "./explain/log-read.ts";
export { type Recorder, type RecorderOptions, recorder as policyRecorder } from "./explain/log-write.ts";
export { bindingOf } from "./explain/record.ts";
export { type Difference, type Replayed, type ReplayOptions, replayLog as replayPolicyLog } from "./explain/replay.ts";
export type { Cause, Condition as ExplainedCondition, Explanation, Flips, Next } from "./explain/types.ts";
export { format } from "./format.ts";
export { isPolicySource, type PolicyOptions, type PolicyProblem, type PolicySource, UNJUDGED } from "./given.ts";
export * as policyGraph from "./graph/index.ts";
export { instructionsOf, instructionsOverEngine } from "./instructions.ts";
export { fromJson, toJson } from "./json.ts";
export { type Loaded, load, type ParameterValue } from "./load.ts";
export { type MirrorRow, withMirror } from "./mirror.ts";
export { vocabularyOf } from "./operations.ts";
export { parse } from "./parse.ts";
export { print } from "./print.ts";
export type { Decision as PolicyDecision, Joined, PolicyEvent, RPolicy, RRule } from "./resolved.ts";
export { POLICY_SCHEMA } from "./schema.ts";
export { policy } from "./source.ts";
export { runTests, type TestFailure } from "./suite.ts";
export type { File as PolicyFile, Policy as PolicyTree, Verdict } from "./tree.ts";
export { standFor } from "./view.ts";
export type { Operation, Vocabulary } from "./vocabulary.ts";
