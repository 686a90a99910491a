// Calls of grants, watched at the one place where all of them pass: who called what, with which arguments, what came of
// it, how many bytes, how long. Audits and traces are made of this and of nothing else.
//
// A host function is watched where it becomes a target of the kernel. What came of a call is the kernel's word, which
// follows at once when a target has answered. A call that was refused before any target ran, or whose target is no host
// function, is known from the kernel alone, without arguments.
//
// Invariants
//   W1  Watching changes nothing: bytes that may be overwritten are copied first, and what a listener throws is dropped.
//   W2  Every call is told once: when it is done, or at the end if it never was.
import type { CallRecord, Contract, Reply, Target } from "../kernel/index.ts";
import { now } from "./engine.ts";
import { decodeValue } from "./values.ts";

export interface WatchedCall {
  readonly domain: number;
  /** The name under which the guest has it; "?" for a handle that is none. */
  readonly capability: string;
  readonly contract: string;
  readonly call: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface EndedCall extends WatchedCall {
  /** `refused`: by the kernel, before anything ran. `pending`: it is over, and no answer came. */
  readonly outcome: "done" | "failed" | "refused" | "pending";
  /** What it gave, or failed with; undefined if no listener asks for as much. */
  readonly answer: unknown;
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

/** What is watched in one domain. */
export interface Watching {
  /** The same target, watched. */
  wrap(capability: string, contract: Contract, target: Target): Target;
  /** What the kernel says of a call. */
  observe(record: CallRecord, capability: string): void;
  /** The domain is over: what is open stays so. */
  end(): void;
}

interface Open {
  readonly call: WatchedCall;
  readonly start: number;
  readonly bytes: number;
  readonly notes: readonly unknown[];
}

interface State {
  readonly listeners: readonly CallListener[];
  readonly open: Set<Open>;
  /** A call whose target has answered, or promised to, and of which the kernel has not spoken yet. */
  answered: { readonly open: Open; readonly reply: Reply | "promised" } | undefined;
  isOver: boolean;
}

const NO_ANSWER: Reply = { failed: Uint8Array.of(0xf6) };
const NO_BYTES = new Uint8Array(0);
const MOST_ERROR = 65_536; // bytes

/** An answer that no target gave. */
const codeOnly = (code: string): Error => Object.assign(new Error(code), { code });
const BROKEN = codeOnly("E_TARGET");

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const isOk = (reply: Reply): reply is Uint8Array => reply instanceof Uint8Array;

function argumentsOf(bytes: Uint8Array, length: number): readonly unknown[] {
  const value = attempt(() => decodeValue(bytes, length));
  return Array.isArray(value) ? value : [];
}

function notify({ listeners }: State, ended: EndedCall, notes: readonly unknown[]): void {
  for (const [at, listener] of listeners.entries()) attempt(() => listener.end(ended, notes[at]));
}

function tell(state: State, open: Open, outcome: EndedCall["outcome"], bytes: Uint8Array, instead?: Error): void {
  if (!state.open.delete(open)) return;
  const most = outcome === "done" ? Math.max(...state.listeners.map(({ mostAnswer }) => mostAnswer)) : MOST_ERROR;
  const isWanted = bytes.length > 0 && bytes.length <= most;
  const answer = instead ?? (isWanted ? attempt(() => decodeValue(bytes)) : undefined);
  const ms = now() - open.start;
  notify(state, { ...open.call, outcome, answer, bytes: open.bytes + bytes.length, ms }, open.notes);
}

function tellReply(state: State, open: Open, reply: Reply): void {
  tell(state, open, isOk(reply) ? "done" : "failed", isOk(reply) ? reply : reply.failed);
}

/** Undefined if a listener refuses; those that have begun learn of it. */
function begin(state: State, call: WatchedCall, bytes: Uint8Array, length: number): Open | undefined {
  const most = Math.max(...state.listeners.map(({ mostArguments }) => mostArguments));
  const args = length <= most ? argumentsOf(bytes, length) : undefined;
  const notes: unknown[] = [];
  for (const listener of state.listeners) {
    const note = attempt(() => listener.begin(call, length <= listener.mostArguments ? args : undefined, length));
    if (note === REFUSE) {
      notify(state, { ...call, outcome: "refused", answer: codeOnly("E_ENDED"), bytes: length, ms: 0 }, notes);
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

function perform(state: State, open: Open, target: () => Reply | Promise<Reply>): Reply | Promise<Reply> {
  state.answered = { open, reply: NO_ANSWER };
  const reply = target();
  if (reply instanceof Promise) {
    state.answered = { open, reply: "promised" };
    reply.then(
      (value) => tellReply(state, open, value),
      () => tell(state, open, "failed", NO_BYTES, BROKEN),
    );
    return reply;
  }
  const kept = isOk(reply) ? reply.slice() : reply;
  state.answered = { open, reply: kept };
  return kept;
}

const wrap =
  (state: State, capability: string, { name, calls }: Contract, target: Target): Target =>
  (...given: Parameters<Target>) => {
    flush(state);
    const [method, bytes, length, { domain }] = given;
    const call = calls[method]?.name ?? `#${method}`;
    const open = begin(state, { domain, capability, contract: name, call, time: Date.now() }, bytes, length);
    return open === undefined ? NO_ANSWER : perform(state, open, () => target(...given));
  };

/** Why the kernel refused, as far as its record tells. */
function refusalOf({ contract, call, code }: CallRecord & { readonly code?: string }): Error | undefined {
  if (code !== undefined) return codeOnly(code);
  if (contract === "?") return codeOnly("E_HANDLE");
  return call.startsWith("#") ? codeOnly("E_METHOD") : undefined;
}

/** A call of which only the kernel knows. */
function tellAlone(state: State, record: CallRecord, capability: string): void {
  const { domain, contract, call, decision: outcome, bytesIn, bytesOut } = record;
  const answer = outcome === "refused" ? refusalOf(record) : undefined;
  const who = { domain, capability, contract, call, time: Date.now() };
  notify(state, { ...who, outcome, answer, bytes: bytesIn + bytesOut, ms: 0 }, []);
}

function observe(state: State, record: CallRecord, capability: string): void {
  const { answered } = state;
  if (answered === undefined || record.decision === "refused") return tellAlone(state, record, capability);
  state.answered = undefined;
  const { open, reply } = answered;
  if (reply === "promised" || record.decision === "pending") return;
  // The kernel looked at the answer too, and may have found that it breaks the contract.
  if (isOk(reply) === (record.decision === "done") && reply !== NO_ANSWER) tellReply(state, open, reply);
  else tell(state, open, "failed", NO_BYTES, BROKEN);
}

function finish(state: State): void {
  if (state.isOver) return;
  state.isOver = true;
  flush(state);
  for (const open of state.open) tell(state, open, "pending", NO_BYTES);
  for (const listener of state.listeners) attempt(() => listener.close());
}

/** Watches for these; undefined if there are none. */
export function newWatching(listeners: readonly CallListener[]): Watching | undefined {
  if (listeners.length === 0) return undefined;
  const state: State = { listeners, open: new Set(), answered: undefined, isOver: false };
  return {
    wrap: (capability, contract, target) => wrap(state, capability, contract, target),
    observe: (record, capability) => observe(state, record, capability),
    end: () => finish(state),
  };
}
