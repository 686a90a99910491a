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
import type { Tables } from "./tables.ts";

export interface AskingOptions {
  readonly post: Post;
  readonly violated: (why: string) => void;
  readonly tables: () => Tables;
  /** So many more calls are in flight. */
  readonly onFlight?: ((change: 1 | -1) => void) | undefined;
}

export interface Asking {
  targetOf(id: number, contract: Contract, atOnce: ReadonlySet<number>): Target;
  reply(call: number, kind: number, references: readonly Reference[], body: Uint8Array): void;
  /** What is in flight is answered; nothing more is asked. */
  close(): void;
}

interface Asked {
  readonly contract: CallContract;
  /** Whoever asked wants to know whether it takes time. */
  wantsToKnow: boolean;
  settle: (reply: Reply) => void;
}

export const ENDED: Failure = { failed: errorValue("E_TARGET", "the domain behind the capability has ended") };

export function newAsking({ post, violated, tables, onFlight }: AskingOptions): Asking {
  const asked = new Map<number, Asked>();
  let [next, isClosed] = [1, false];

  function ask(id: number, contract: CallContract, method: number, bytes: Uint8Array, context: CallContext, atOnce: boolean) {
    const call = next++;
    // Of a domain they are its own to give away; a host keeps what it passes.
    const references = context.capabilities.map((each) => tables().referTo(each, context.domain !== 0));
    post(OP.CALL, [call, id, method, atOnce, references], bytes);
    context.onDropped(() => {
      if (asked.has(call) && !isClosed) post(OP.DROP, [call]);
    });
    onFlight?.(1);
    return new Promise<Reply>((settle) => void asked.set(call, { contract, wantsToKnow: atOnce, settle }));
  }

  /** What is no reply to the call ends the other side: it has checked the same. */
  function read(contract: CallContract, kind: number, references: readonly Reference[], body: Uint8Array): Reply | undefined {
    const ok = kind === REPLY.VALUE;
    const checked = checkReply(contract, body, ok);
    if ("why" in checked || (!ok && references.length > 0)) return undefined;
    if (!ok) return { failed: body };
    const capabilities = tables().followAll(body, checked.found, references);
    return capabilities && { value: body, capabilities, found: checked.found };
  }

  /** The call takes time: who waits for it learns that now, and its reply later. */
  function later(one: Asked): void {
    if (!one.wantsToKnow) return violated("a reply that a call takes time, twice or unasked");
    one.wantsToKnow = false;
    const { settle } = one;
    settle({ ...ENDED, later: new Promise((resolve) => Object.assign(one, { settle: resolve })) });
  }

  return {
    targetOf: (id, contract, atOnce) => (method, bytes, length, context) => {
      const call = contract.calls[method];
      if (isClosed || call === undefined) return ENDED;
      return ask(id, call, method, bytes.subarray(0, length), context, atOnce.has(method));
    },
    reply(call, kind, references, body) {
      const one = asked.get(call);
      if (one === undefined) return violated("a reply to no call");
      if (kind === REPLY.LATER) return later(one);
      const reply = read(one.contract, kind, references, body);
      if (reply === undefined) return violated("a reply outside of its contract");
      asked.delete(call);
      onFlight?.(-1);
      one.settle(reply);
    },
    close() {
      isClosed = true;
      for (const { settle } of asked.values()) settle(ENDED);
      asked.clear();
    },
  };
}
