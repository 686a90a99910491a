// The policy that a sandbox is under: loaded against what it is granted, and enforced by the kernel's monitor.
//
// Invariants
//   P1  A policy that does not load grants nothing: no sandbox is made.
//   P2  What a policy may ask about or hold back parks a guest that does not await it: no guest meets a promise in
//       place of a value because somebody wrote a policy.
import type { CallContext, Capability, Contract, Domain, Monitor } from "../kernel/index.ts";
import { errorValue } from "../kernel/index.ts";
import {
  bindingOf,
  capability,
  compile,
  contract,
  type Diagnostic,
  type Enforced,
  type EnforcePowers,
  type Granted,
  interrupt,
  type Joined,
  load,
  type Machine,
  newEnforced,
  newMonitor,
  newShared,
  type Operation,
  type PolicyProblem,
  type PolicySource,
  type Question,
  renderDiagnostic,
  type Shared,
  type Vocabulary,
  vocabularyOf,
  within,
} from "../policy-libs/index.ts";
import type { CallEntry, Prepared } from "./capability.ts";
import type { Clock } from "./clock.ts";
import { CordonError } from "./errors.ts";
import { noteRefusal } from "./refusals.ts";
import { contextCall } from "./target.ts";
import { decodeParcel, encodeParcel } from "./values.ts";

/** A policy that fits what is granted. */
export interface Policing {
  readonly machine: Machine;
  readonly vocabulary: Vocabulary;
  readonly shared: Shared;
  readonly source: PolicySource;
  /** Some log wants to know why calls are refused. */
  readonly isAudited: boolean;
}

/** The domain's own part of a policy: its children are under it too. */
export interface Policed {
  readonly enforced: Enforced;
  readonly monitor: Monitor;
  readonly policing: Policing;
}

function refuse(what: string): never {
  throw new CordonError("E_POLICY", what);
}

/** `cause` has the places and the texts, for whoever shows them. */
function complain(
  { text, options }: PolicySource,
  diagnostics: readonly Diagnostic[],
  also: readonly string[] = [],
): never {
  const { file = "policy", imports = {} } = options;
  const cause: PolicyProblem = { diagnostics, texts: new Map([...Object.entries(imports), [file, text]]) };
  throw new CordonError("E_POLICY", [...diagnostics.map(renderDiagnostic), ...also].join("\n"), { cause });
}

function entryOf(source: PolicySource, vocabulary: Vocabulary): Joined {
  const { file = "policy", imports = {}, parameters = {}, use, onWarning } = source.options;
  const given = { imports: new Map(Object.entries(imports)), parameters: new Map(Object.entries(parameters)) };
  const loaded = load(source.text, { file, vocabulary, ...given });
  if (loaded.kind === "wrong") return complain(source, loaded.diagnostics);
  const { entry, bundles, policies, warnings } = loaded;
  const none = (what: string): never => complain(source, warnings, [`${file} has no ${what}`]);
  const bundle = use === undefined ? entry : bundles.get(use);
  if (use === undefined && bundle === undefined) return none("policy that could be enforced");
  for (const warning of warnings) onWarning?.(warning);
  if (use === undefined || bundle !== undefined) return bundle as Joined;
  const names = [...bundles.keys(), ...policies.keys()].join(", ");
  const template = policies.get(use) ?? none(`policy or bundle ${JSON.stringify(use)}: there are ${names}`);
  const made = template.instantiate(given.parameters);
  return made.kind === "instance" ? made.policy : complain(source, made.diagnostics);
}

/** Made once for the same policy over the same contracts: what is counted per tenant and host is one over all sandboxes. */
const made = new WeakMap<PolicySource, Map<string, Policing>>();

/** Throws CordonError E_POLICY with every mistake of the file. `isAudited`: refusals are explained in a log. */
export function policingOf(source: PolicySource, granted: ReadonlyMap<string, Contract>, isAudited = false): Policing {
  const forms = [...granted].map(([name, { form }]) => [name, form]).sort();
  const key = JSON.stringify([isAudited, forms]);
  const known = made.get(source) ?? new Map<string, Policing>();
  made.set(source, known);
  const policing = known.get(key) ?? newPolicing(source, granted, isAudited);
  known.set(key, policing);
  return policing;
}

function newPolicing(source: PolicySource, granted: ReadonlyMap<string, Contract>, isAudited: boolean): Policing {
  const { vocabulary, conflicts } = vocabularyOf(granted);
  const conflict = conflicts[0];
  if (conflict !== undefined) refuse(`${conflict.message}. ${conflict.advice}`);
  const { mode, enforced = [], explain = false } = source.options;
  const joined = entryOf(source, vocabulary);
  const tracing = explain || isAudited || mode === "record";
  const observer = mode === "record" ? compile(joined, { tracing }) : undefined;
  const machine = compile(observer === undefined ? joined : bindingOf(joined, new Set(enforced)), { tracing });
  if (vocabulary.operations.some((operation) => operation.isInstruction && machine.names(operation)))
    refuse("instruction events (vm.*) are for WebAssembly programs: over an engine they would see the engine's own");
  return { machine, vocabulary, shared: newShared(machine, { tracing, observer }), source, isAudited };
}

/** Operations that may be asked about or delayed. */
const waitingOf = (joined: Joined): readonly Operation[] =>
  joined.kind === "policy"
    ? joined.rules
        .filter(({ effect: { kind } }) => kind === "ask" || kind === "delay")
        .flatMap(({ on }) => on.flatMap(({ ops }) => ops))
    : joined.of.flatMap(waitingOf);

/** Grants under a policy: what it may ask about or hold back is waited for. */
export function patientGrants({ machine: { joined } }: Policing, grants: readonly Prepared[]): readonly Prepared[] {
  const waiting = new Set(waitingOf(joined).map(({ name }) => name));
  const patient = (group: string, [name, entry]: [string, CallEntry]): [string, CallEntry] => {
    const waits = entry.mode === "sync" && waiting.has(`${group}.${name === "" ? "call" : name}`);
    return [name, waits ? { ...entry, mode: "blocking" } : entry];
  };
  return grants.map((grant) => ({
    ...grant,
    calls: Object.fromEntries(Object.entries(grant.calls).map((call) => patient(grant.name, call))),
  }));
}

// What stands for a capability in values that are judged: a grant without calls, which can cross and do nothing else.
const STAND_IN = contract({ name: "stand-in", allows: "standing for a capability", never: "does anything", calls: {} });
const behind = new WeakMap<Granted, Capability>();
function standIn(of: Capability): Granted {
  const made = capability(STAND_IN, {});
  behind.set(made, of);
  return made;
}

function askOf(source: PolicySource): EnforcePowers["ask"] {
  const { approve } = source.options;
  return async (question: Question, context: CallContext) => {
    if (approve !== undefined) return approve(question);
    return (await within(contextCall(context), () => interrupt(question))) === true;
  };
}

/** Puts a domain that is about to be born under a policy. */
export function police(policing: Policing, domain: () => Domain, clock: () => Clock): Policed {
  const { machine, vocabulary, shared, source, isAudited } = policing;
  const { tenant = "", onDecided, onHappened } = source.options;
  const enforced = newEnforced(machine, shared, tenant);
  const powers: EnforcePowers = {
    now: () => Math.floor(clock().now()),
    sleep: (ms, onDropped) => clock().sleep(ms, onDropped),
    decode: (bytes, length, capabilities) => decodeParcel(bytes, length, capabilities, standIn),
    encode: (value) => encodeParcel(value, "a policy's change", (granted) => behind.get(granted) as Capability),
    errorValue,
    ask: askOf(source),
    halt: (why) => domain().end({ kind: "refused", by: "policy", why }),
    ...{ onDecided, onHappened, onRefused: isAudited ? noteRefusal : undefined },
  };
  return { enforced, monitor: newMonitor(enforced, vocabulary, powers), policing };
}
