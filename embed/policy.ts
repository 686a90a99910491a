// The policy that a sandbox is under: loaded against what it is granted, and enforced by the kernel's monitor.
//
// Invariants
//   P1  A policy that does not load grants nothing: no sandbox is made.
//   P2  What a policy may ask about or hold back parks a guest that does not await it: no guest meets a promise in
//       place of a value because somebody wrote a policy.
import type { CallContext, Capability, Contract, Domain, Monitor, Monitors } from "../kernel/index.ts";
import { errorValue } from "../kernel/index.ts";
import {
  bindingOf,
  capability,
  compile,
  contract,
  type Diagnostic,
  type EnforcePowers,
  type Granted,
  instructionsOf,
  instructionsOverEngine,
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
  policyMemory,
  type Question,
  renderDiagnostic,
  type Shared,
  type Vocabulary,
  vocabularyOf,
  within,
} from "../policy-libs/index.ts";
import type { CallEntry, Prepared } from "./capability.ts";
import { CordonError } from "./errors.ts";
import { ignoreResult } from "./output.ts";
import { type DomainTime, realHours, virtualHours } from "./policy-time.ts";
import { noteRefusal } from "./refusals.ts";
import { contextCall } from "./target.ts";
import { decodeParcel, encodeParcel } from "./values.ts";

type Remembered = policyMemory.Remembered;

/** A policy that fits what is granted. */
export interface Policing {
  readonly machine: Machine;
  readonly vocabulary: Vocabulary;
  readonly shared: Shared;
  readonly source: PolicySource;
  /** Checks in a WebAssembly program's own code; undefined: no rule is about its instructions. */
  readonly instructions: Monitors | undefined;
  /** Some log wants to know why calls are refused. */
  readonly isAudited: boolean;
}

/** What is under a policy: a guest of the JavaScript engine, or a WebAssembly program of its own. */
export type Guest = "engine" | "program";

/** The domain's own part of a policy: its children are under it too. */
export interface Policed {
  readonly monitor: Monitor;
  readonly policing: Policing;
  /** One domain more that is under it: `owner` is what the kernel says of its calls. */
  readonly join: (owner: object, time: DomainTime) => void;
  /** Where its virtual time began. */
  readonly start: number | undefined;
  /** What the policy remembers of it, for copies. */
  readonly remember: (granted: policyMemory.GrantedAs) => Remembered;
  /**
   * A copy is granted something: to the policy it is what `original` is, if the copy is under its original's own policy;
   * else what was remembered under the name.
   */
  readonly adopt: (capability: Capability, name: string, original: Capability | undefined) => void;
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

/**
 * Made once for the same policy over the same contracts: what is counted per tenant and host is one over all sandboxes,
 * also over those that are audited and those that are not.
 */
const made = new WeakMap<PolicySource, Map<string, Policing>>();

/** Throws CordonError E_POLICY with every mistake of the file. `isAudited`: refusals are explained in a log. */
export function policingOf(
  source: PolicySource,
  granted: ReadonlyMap<string, Contract>,
  guest: Guest = "engine",
  isAudited = false,
): Policing {
  const forms = [...granted].map(([name, { form }]) => [name, form]).sort();
  const keyOf = (audited: boolean): string => JSON.stringify([guest, audited, ...forms]);
  const known = made.get(source) ?? new Map<string, Policing>();
  made.set(source, known);
  const { lasting } = known.get(keyOf(!isAudited))?.shared ?? {};
  const policing = known.get(keyOf(isAudited)) ?? newPolicing(source, granted, guest, { isAudited, lasting });
  known.set(keyOf(isAudited), policing);
  return policing;
}

/** Over an engine they would see the engine's own instructions. */
function instructionsIn(source: PolicySource, joined: Joined, guest: Guest): Monitors | undefined {
  const { monitors, diagnostics } = instructionsOf(joined);
  const wrong = guest === "engine" ? instructionsOverEngine(joined) : diagnostics;
  return wrong.length > 0 ? complain(source, wrong) : monitors;
}

function newPolicing(
  source: PolicySource,
  granted: ReadonlyMap<string, Contract>,
  guest: Guest,
  { isAudited, lasting }: { readonly isAudited: boolean; readonly lasting: Shared["lasting"] | undefined },
): Policing {
  const { vocabulary, conflicts } = vocabularyOf(granted);
  const conflict = conflicts[0];
  if (conflict !== undefined) refuse(`${conflict.message}. ${conflict.advice}`);
  const joined = entryOf(source, vocabulary);
  const { mode, enforced = [], explain = false } = source.options;
  const binding = mode === "record" ? bindingOf(joined, new Set(enforced)) : joined;
  const instructions = instructionsIn(source, binding, guest);
  const tracing = explain || isAudited || mode === "record";
  const machine = compile(binding, { tracing });
  const observer = mode === "record" ? compile(joined, { tracing }) : undefined;
  const shared = newShared(machine, { tracing, observer, lasting });
  return { machine, vocabulary, shared, source, instructions, isAudited };
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

/** Lasts as long as somebody is asked. */
export type Asking = <T>(answering: () => T | Promise<T>) => Promise<T>;

function askOf(source: PolicySource, asking: Asking): EnforcePowers["ask"] {
  const { approve } = source.options;
  return async (question: Question, context: CallContext) => {
    if (approve !== undefined) return asking(() => approve(question));
    return (await within(contextCall(context), () => interrupt(question))) === true;
  };
}

/** A listener hears what happens, and changes nothing: neither by what it throws nor by what it gives. */
function quietly<A>(listener: ((heard: A) => void) | undefined): ((heard: A) => void) | undefined {
  if (listener === undefined) return undefined;
  return (heard) => {
    try {
      ignoreResult(listener(heard));
    } catch {
      // The embedder's own function, called in the middle of a decision.
    }
  };
}

const atOnce: Asking = async (answering) => answering();

/** How a domain under a policy is waited for, and who hears of what the policy remembers. */
export interface PoliceOptions {
  readonly asking?: Asking;
  readonly onChange?: () => void;
  /** It is a copy of a domain of which this is remembered. */
  readonly remembered?: Remembered | undefined;
  /** It comes from a file: of its tenant and of the host nothing may be known here. */
  readonly isRead?: boolean;
}

/** Puts a domain that is about to be born under a policy. `start`: of its virtual time. */
export function police(
  policing: Policing,
  domain: () => Pick<Domain, "end">,
  start: number | undefined,
  { asking = atOnce, onChange, remembered, isRead = false }: PoliceOptions = {},
): Policed {
  const { machine, vocabulary, shared, source, isAudited } = policing;
  const { tenant = "", onDecided, onHappened } = source.options;
  const times = new WeakMap<object, DomainTime>();
  const timeOf = ({ owner }: CallContext): DomainTime | undefined =>
    typeof owner === "object" && owner !== null ? times.get(owner) : undefined;
  const powers: EnforcePowers = {
    ...(start === undefined ? realHours(timeOf) : virtualHours(timeOf, start)),
    decode: (bytes, length, capabilities) => decodeParcel(bytes, length, capabilities, standIn),
    encode: (value) => encodeParcel(value, "a policy's change", (granted) => behind.get(granted) as Capability),
    errorValue,
    ask: askOf(source, asking),
    halt: (why) => domain().end({ kind: "refused", by: "policy", why }),
    onChange,
    ...{ onDecided: quietly(onDecided), onHappened: quietly(onHappened) },
    onRefused: isAudited ? noteRefusal : undefined,
  };
  const fresh = newEnforced(machine, shared, tenant);
  const enforced = remembered === undefined ? fresh : policyMemory.recall(fresh, remembered);
  if (isRead && remembered !== undefined) policyMemory.recallLasting(enforced, remembered);
  return {
    ...{ monitor: newMonitor(enforced, vocabulary, powers), policing, start },
    join: (owner, time) => void times.set(owner, time),
    remember: (granted) => policyMemory.remember(enforced, granted),
    adopt(capability, name, original) {
      const before = original ?? (remembered && ([name, remembered] as const));
      if (before !== undefined) policyMemory.adopt(enforced, capability, before);
    },
  };
}
