// What every entry of the package gives besides its own `run` and `createSandbox`: re-exports only.
export type { AuditAbout, AuditOptions, AuditSink } from "./audit-options.ts";
export { type AuditCall, type AuditDecision, type AuditNotice, type AuditRecord, auditLine } from "./audit-record.ts";
export { blocking, type Grant, type Grants } from "./capability.ts";
export type { VirtualOptions } from "./clock.ts";
export type { ForkOptions } from "./copy.ts";
export { type Cordon, createCordon, type RunRequest } from "./cordon.ts";
export { CHILD, DOMAIN } from "./domain-contract.ts";
export type { DomainsOptions } from "./domains.ts";
export type { BytesSource, Confinement, CordonPowers } from "./engine.ts";
export { CODES, CordonError, type ErrorCode, isCordonError } from "./errors.ts";
export type { ResidencyOptions } from "./hibernation/options.ts";
export { newResidency, type Residency } from "./hibernation/residency.ts";
export type { Layer, LayerOptions } from "./layer.ts";
export {
  LIMITS,
  type LimitName,
  type Limits,
  type LimitsOption,
  PROFILES,
  type Profile,
  parseLimit,
} from "./limits.ts";
export type { LoadedModule, ModuleLoader, ModulesOption } from "./modules.ts";
export type { IdleOptions, RunOptions, SandboxOptions, Source, TraceRecord, WaitOptions } from "./options.ts";
export { type ConsoleLine, type ConsoleOption, escapeControls, type Level } from "./output.ts";
export type { TenantBill } from "./pool/bill.ts";
export type { PoolForkOptions } from "./pool/copies.ts";
export type { DomainState } from "./pool/domain-state.ts";
export type { DomainStats, DomainTotals } from "./pool/domain-stats.ts";
export type { FromOptions } from "./pool/from.ts";
export type { Isolation, PoolOptions, TenantOptions } from "./pool/options.ts";
export type { Hiring, Pool, PoolRunRequest, PoolSandboxOptions } from "./pool/pool.ts";
export type { PoolSandbox } from "./pool/sandbox.ts";
export type { PoolEvent, PoolStats, PoolTotals, StatsOptions, TenantStats, WorkerStats } from "./pool/stats.ts";
export { newProgramRunner, type ProgramPowers, type ProgramResult, type RunProgram } from "./program.ts";
export type { RepyResult, RepyUsage } from "./repy.ts";
export type { RepyEnd, RepyEndKind } from "./repy-end.ts";
export { FUEL_PER_SECOND, type RepyRestrictions } from "./repy-limits.ts";
export type { RepyLayer, RepyOptions } from "./repy-options.ts";
export type { RepyVirtual } from "./repy-time.ts";
export type { Continuation, Resource, Result, RunFacts, RunUsage, Status } from "./result.ts";
export type { Sandbox } from "./sandbox.ts";
export type { SnapshotOptions } from "./saved-options.ts";
export { memoryStore, type Store } from "./snapshot/store.ts";
export type { Stack, StackedLayer } from "./stack.ts";
export { callSignal } from "./target.ts";
export type { CreateOptions, Template, TemplateRequest } from "./template.ts";
export type { Language } from "./typescript.ts";
export { decodeBytes as decodeValue, encodeValue } from "./values.ts";
