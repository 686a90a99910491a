// Calls of capabilities, watched at the one place where all of them pass: who called what, with which arguments, what
// came of it, how many bytes, how long. Audits and traces are made of this and of nothing else.
//
// A host function is watched where it is a target of the kernel; what came of a call is the kernel's word, which follows
// at once when a target has answered. Calls that no host function serves (the kernel refused, or another guest answers)
// are known from the kernel alone, without arguments.
//
// Invariants
//   W1  Watching changes nothing: bytes that may be overwritten are copied first, and what a listener throws is dropped.
//   W2  Every call is told once: when it is done, or at the end if it never was.
import type { CallContext, CallRecord, Capability, Contract, Failure, Reply, Target } from "../kernel/index.ts";
import type { Explanation } from "../policy-libs/index.ts";
import { now } from "./engine.ts";
import { refusalBehind } from "./refusals.ts";
import { decodeParcel } from "./values.ts";

export interface WatchedCall {
  readonly domain: number;
  /** The name of the grant, or of the one whose call gave it; the contract's if that is not known. */
  readonly capability: string;
  /** "?" for a handle that is none. */
  readonly contract: string;
  readonly call: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface EndedCall extends WatchedCall {
  /** `refused`: by the kernel, before anything ran. `pending`: it is over, and no answer came. */
  readonly outcome: "done" | "failed" | "refused" | "pending";
  /** What it gave, or failed with: `cut` if it is more than anybody asks for. Undefined if only the kernel knows. */
  readonly answer: { readonly value: unknown } | "cut" | undefined;
  /** What refused it, if the error that was thrown said so. */
  readonly rule: string | undefined;
  /** Why a policy did. */
  readonly policy: Explanation | undefined;
  /** Of arguments and answer. */
  readonly bytes: number;
  readonly ms: number;
}

/** What `begin` gives for a call that may not be made. */
export const REFUSE = Symbol("refuse");

/** Who wants to know of calls. */
export interface CallListener {
  /** Bytes of arguments, and of an answer, beyond which they are not decoded for it. Errors are, up to 64 KiB. */
  readonly mostArguments: number;
  readonly mostAnswer: number;
  /** A call begins. `args`: undefined if they are more than asked for. `bytes`: how many they are. */
  begin(call: WatchedCall, args: readonly unknown[] | undefined, bytes: number): unknown;
  /** It is over. `note`: what `begin` gave; undefined if the kernel alone knows of the call. */
  end(call: EndedCall, note: unknown): void;
  /** Nothing more will come. */
  close(): void;
}

/** What a target is asked for. */
export interface Asked {
  readonly target: Target;
  /** As its maker calls it: the grant, or else the contract. */
  readonly name: string;
  readonly contract: Contract;
  readonly method: number;
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly context: CallContext;
}

/** What is watched in one domain. */
export interface Watching {
  /** Has a call served, watched. */
  around(asked: Asked, serve: () => Reply | Promise<Reply>): Reply | Promise<Reply>;
  /** What the kernel says of a call. `grant`: the name of its grant, if it is one. */
  observe(record: CallRecord, grant: string | undefined): void;
  /** The domain is over: what is open stays so. */
  end(): void;
}

interface Open {
  call: WatchedCall;
  readonly start: number;
  readonly bytes: number;
  readonly notes: readonly unknown[];
}

interface State {
  readonly listeners: readonly CallListener[];
  readonly open: Set<Open>;
  /** Calls in flight of which only the kernel knows, by handle and call: the first that began is the first to end. */
  readonly foreign: Map<string, Open[]>;
  /** From which grant a call gave it. */
  readonly origins: WeakMap<Target, string>;
  /** A call whose target has answered, or promised to, and of which the kernel has not spoken yet. */
  answered: { readonly open: Open; readonly reply: Reply | "promised" } | undefined;
  isOver: boolean;
}

const NO_ANSWER: Reply = { failed: Uint8Array.of(0xf6) };
const MOST_ERROR = 65_536; // bytes

/** An answer that no target gave. */
const codeOnly = (code: string) => ({ value: Object.assign(new Error(code), { code }) });
const BROKEN = codeOnly("E_TARGET");

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** What an error says refused the call. It does not cross: policies are no business of guests. */
const rules = new WeakMap<Failure, string>();

/** The same failure; whoever watches learns the rule that the thrown error names. May throw what asking it throws. */
export function withRule(failure: Failure, thrown: unknown): Failure {
  const rule = thrown instanceof Error ? (thrown as { readonly rule?: unknown }).rule : undefined;
  if (typeof rule === "string") rules.set(failure, rule);
  return failure;
}

const isOk = (reply: Reply): boolean => !("failed" in reply);
const bytesOf = (reply: Reply): Uint8Array =>
  reply instanceof Uint8Array ? reply : "failed" in reply ? reply.failed : reply.value;
const capabilitiesOf = (reply: Reply): readonly Capability[] => ("capabilities" in reply ? reply.capabilities : []);

/** A capability in a value is told by its contract. */
const handleOf = ({ contract }: Capability): object => ({ $type: "handle", contract: contract.name });
/** Undefined for what has no form here: a handle of which only the kernel knows, say. */
const decoded = (bytes: Uint8Array, length: number, capabilities: readonly Capability[]) =>
  attempt(() => ({ value: decodeParcel(bytes, length, capabilities, handleOf) }));

function notify({ listeners }: State, ended: EndedCall, notes: readonly unknown[]): void {
  for (const [at, listener] of listeners.entries()) attempt(() => listener.end(ended, notes[at]));
}

function answerOf({ listeners }: State, reply: Reply): EndedCall["answer"] {
  const bytes = bytesOf(reply);
  const most = isOk(reply) ? Math.max(...listeners.map(({ mostAnswer }) => mostAnswer)) : MOST_ERROR;
  return bytes.length <= most ? decoded(bytes, bytes.length, capabilitiesOf(reply)) : "cut";
}

type Came = Pick<EndedCall, "outcome" | "answer" | "bytes"> & Partial<Pick<EndedCall, "rule" | "policy">>;

function tell(state: State, open: Open, { outcome, answer, bytes, rule, policy }: Came): void {
  if (!state.open.delete(open)) return;
  const ms = now() - open.start;
  notify(state, { ...open.call, outcome, answer, rule, policy, bytes: open.bytes + bytes, ms }, open.notes);
}

function tellReply(state: State, open: Open, reply: Reply): void {
  const outcome = isOk(reply) ? "done" : "failed";
  for (const { target } of capabilitiesOf(reply)) {
    if (!state.origins.has(target)) state.origins.set(target, open.call.capability);
  }
  const rule = "failed" in reply ? rules.get(reply) : undefined;
  tell(state, open, { outcome, answer: answerOf(state, reply), rule, bytes: bytesOf(reply).length });
}

/** Undefined if a listener refuses; those that have begun learn of it. */
function begin(state: State, call: WatchedCall, { bytes, length, context }: Asked): Open | undefined {
  const most = Math.max(...state.listeners.map(({ mostArguments }) => mostArguments));
  const value = length <= most ? decoded(bytes, length, context.capabilities)?.value : undefined;
  const args = Array.isArray(value) ? value : [];
  const notes: unknown[] = [];
  for (const listener of state.listeners) {
    const note = attempt(() => listener.begin(call, length <= listener.mostArguments ? args : undefined, length));
    if (note === REFUSE) {
      const came = { outcome: "refused", answer: codeOnly("E_ENDED"), rule: "audit", bytes: length, ms: 0 } as const;
      notify(state, { ...call, ...came, policy: undefined }, notes);
      return undefined;
    }
    notes.push(note);
  }
  const open = { call, start: now(), bytes: length, notes };
  state.open.add(open);
  return open;
}

/** Of a call that the kernel did not speak of, its target's answer is all there is to tell. */
function flush(state: State): void {
  const { answered } = state;
  state.answered = undefined;
  if (answered !== undefined && answered.reply !== "promised") tellReply(state, answered.open, answered.reply);
}

/** What a target gives is valid until the next crossing; a listener's own may come before. */
function kept(reply: Reply): Reply {
  if (reply instanceof Uint8Array) return reply.slice();
  return "value" in reply ? { ...reply, value: reply.value.slice() } : reply;
}

function settle(state: State, open: Open, reply: Reply): void {
  flush(state);
  state.answered = { open, reply };
  // The kernel is told right after us; what it does not want it does not speak of.
  queueMicrotask(() => {
    if (state.answered?.open === open) flush(state);
  });
}

function perform(state: State, open: Open, serve: () => Reply | Promise<Reply>): Reply | Promise<Reply> {
  state.answered = { open, reply: NO_ANSWER };
  const reply = serve();
  if (reply instanceof Promise) {
    state.answered = { open, reply: "promised" };
    reply.then(
      (value) => settle(state, open, value),
      () => settle(state, open, NO_ANSWER),
    );
    return reply;
  }
  const copy = kept(reply);
  state.answered = { open, reply: copy };
  return copy;
}

function around(state: State, asked: Asked, serve: () => Reply | Promise<Reply>): Reply | Promise<Reply> {
  flush(state);
  const { target, name, contract, method, context } = asked;
  const capability = state.origins.get(target) ?? name;
  const call = contract.calls[method]?.name ?? `#${method}`;
  const told = { domain: context.domain, capability, contract: contract.name, call, time: Date.now() };
  const open = begin(state, told, asked);
  return open === undefined ? NO_ANSWER : perform(state, open, serve);
}

/** A call of which only the kernel knows: it begins when it is pending, and ends when it is done. */
function observeForeign(state: State, record: CallRecord, grant: string | undefined): void {
  const { domain, handle, contract, call, decision, bytesIn, bytesOut, answer: bytes } = record;
  const key = `${handle} ${call}`;
  const waiting = state.foreign.get(key) ?? [];
  const who = { domain, capability: grant ?? contract, contract, call, time: Date.now() };
  const open = { call: who, start: now(), bytes: bytesIn, notes: [] };
  if (decision === "pending") return void state.foreign.set(key, [...waiting, open]);
  const begun = decision === "refused" ? open : (waiting.shift() ?? open);
  if (waiting.length === 0) state.foreign.delete(key);
  state.open.add(begun);
  const reply = bytes && (decision === "done" ? bytes : { failed: bytes });
  const answer = reply && answerOf(state, reply);
  tell(state, begun, { outcome: decision, answer, bytes: bytesOut, policy: refusalBehind(bytes) });
}

function tellWithheld(state: State, open: Open, { answer: bytes, decision }: CallRecord, policy: Explanation): void {
  const reply: Reply = decision === "done" ? (bytes as Uint8Array) : { failed: bytes as Uint8Array };
  const outcome = decision === "done" ? "done" : "failed";
  tell(state, open, { outcome, answer: answerOf(state, reply), bytes: bytesOf(reply).length, policy });
}

function observe(state: State, record: CallRecord, grant: string | undefined): void {
  const { answered } = state;
  if (answered === undefined || record.decision === "refused") return observeForeign(state, record, grant);
  state.answered = undefined;
  const { open, reply } = answered;
  if (grant !== undefined) open.call = { ...open.call, capability: grant };
  if (reply === "promised" || record.decision === "pending") return;
  const policy = refusalBehind(record.answer);
  // It was served, and what came of it is withheld.
  if (policy !== undefined) return tellWithheld(state, open, record, policy);
  // The kernel looked at the answer too, and may have found that it breaks the contract.
  if (reply !== NO_ANSWER && isOk(reply) === (record.decision === "done")) tellReply(state, open, reply);
  else tell(state, open, { outcome: "failed", answer: BROKEN, bytes: 0 });
}

function finish(state: State): void {
  if (state.isOver) return;
  state.isOver = true;
  flush(state);
  for (const open of [...state.foreign.values()].flat()) state.open.add(open);
  state.foreign.clear();
  for (const open of state.open) tell(state, open, { outcome: "pending", answer: undefined, bytes: 0 });
  for (const listener of state.listeners) attempt(() => listener.close());
}

/** Watches for these; undefined if there are none. */
export function newWatching(listeners: readonly CallListener[]): Watching | undefined {
  if (listeners.length === 0) return undefined;
  const maps = { open: new Set<Open>(), foreign: new Map<string, Open[]>(), origins: new WeakMap<Target, string>() };
  const state: State = { listeners, ...maps, answered: undefined, isOver: false };
  return {
    around: (asked, serve) => around(state, asked, serve),
    observe: (record, grant) => observe(state, record, grant),
    end: () => finish(state),
  };
}
