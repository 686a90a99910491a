// Calls of what the other side of a passage gave: posted, and answered later.
import {
  type CallContext,
  type CallContract,
  type Contract,
  checkReply,
  errorValue,
  type Failure,
  type Reply,
  type Target,
} from "../../kernel/index.ts";
import { OP, type Post, REPLY, type Reference } from "./frame.ts";
import { followAll, referTo, type Tables } from "./tables.ts";

export interface AskingOptions {
  readonly post: Post;
  readonly violated: (why: string) => void;
  readonly tables: () => Tables;
  /** So many more calls are in flight. */
  readonly onFlight: ((change: 1 | -1) => void) | undefined;
  /** The guest's own time, where it has one. */
  readonly time: (() => number | null) | undefined;
}

interface Asked {
  readonly contract: CallContract;
  /** Whoever asked wants to know whether it takes time. */
  wantsToKnow: boolean;
  settle: (reply: Reply) => void;
}

export interface Asking extends AskingOptions {
  readonly asked: Map<number, Asked>;
  next: number;
  isClosed: boolean;
}

export const newAsking = (options: AskingOptions): Asking => ({
  ...options,
  asked: new Map(),
  next: 1,
  isClosed: false,
});

const ENDED: Failure = { failed: errorValue("E_TARGET", "the domain behind the capability has ended") };

interface Question {
  readonly id: number;
  readonly method: number;
  readonly atOnce: boolean;
  readonly contract: CallContract;
}

function ask(asking: Asking, { id, method, atOnce, contract }: Question, bytes: Uint8Array, context: CallContext) {
  const { post, asked, onFlight, time } = asking;
  const call = asking.next++;
  // Of a domain they are its own to give away; a host keeps what it passes.
  const references = context.capabilities.map((each) => referTo(asking.tables(), each, context.domain !== 0));
  post(OP.CALL, [call, id, method, atOnce, references, time?.() ?? null], bytes);
  context.onDropped(() => {
    if (asked.has(call) && !asking.isClosed) post(OP.DROP, [call]);
  });
  onFlight?.(1);
  return new Promise<Reply>((settle) => void asked.set(call, { contract, wantsToKnow: atOnce, settle }));
}

/** What a capability that was got does when it is called. `atOnce`: methods whose callers stand still, and want to know. */
export const askingTarget =
  (asking: Asking, id: number, { calls }: Contract, atOnce: ReadonlySet<number>): Target =>
  (method, bytes, length, context) => {
    const contract = calls[method];
    if (asking.isClosed || contract === undefined) return ENDED;
    context.awaited = atOnce.has(method);
    return ask(asking, { id, method, contract, atOnce: context.awaited }, bytes.subarray(0, length), context);
  };

/** Undefined: no reply to the call. The other side has checked the same, so it lies. */
function read(
  { tables }: Asking,
  contract: CallContract,
  ok: boolean,
  references: readonly Reference[],
  body: Uint8Array,
): Reply | undefined {
  const found = checkReply(contract, body, ok);
  if ("why" in found || (!ok && references.length > 0)) return undefined;
  if (!ok) return { failed: body };
  const capabilities = followAll(tables(), body, found, references);
  return capabilities && { value: body, capabilities, found };
}

/** The call takes time: who waits for it learns that now, and its reply later. */
function takesTime({ violated }: Asking, one: Asked): void {
  if (!one.wantsToKnow) return violated("a reply that a call takes time, twice or unasked");
  one.wantsToKnow = false;
  const { settle } = one;
  settle({ ...ENDED, later: new Promise((resolve) => Object.assign(one, { settle: resolve })) });
}

export function takeReply(
  asking: Asking,
  call: number,
  kind: number,
  references: readonly Reference[],
  body: Uint8Array,
): void {
  const one = asking.asked.get(call);
  if (one === undefined) return asking.violated("a reply to no call");
  if (kind === REPLY.LATER) return takesTime(asking, one);
  const reply = read(asking, one.contract, kind === REPLY.VALUE, references, body);
  if (reply === undefined) return asking.violated("a reply outside of its contract");
  asking.asked.delete(call);
  asking.onFlight?.(-1);
  one.settle(reply);
}

/** What is in flight is answered; nothing more is asked. */
export function closeAsking(asking: Asking): void {
  asking.isClosed = true;
  for (const { settle } of asking.asked.values()) {
    asking.onFlight?.(-1);
    settle(ENDED);
  }
  asking.asked.clear();
}
