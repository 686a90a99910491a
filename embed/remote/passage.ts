// The passage of one sandbox: the capabilities that its two sides, the embedder's and the worker's, have of each other.
// Both sides run this code. What one side gives is a number of its own table; the other side gets a capability whose
// target posts the call, and whose calls take time.
//
// Invariants
//   PA1  The other side calls what was given to it over this passage, and nothing else.
//   PA2  Values are checked under the contract where they leave and where they arrive: arguments and results, and that
//        there are as many capabilities as handles. A target that breaks its contract is cut, a side that does ends.
//   PA3  Every call is answered once. What was cut on one side is cut on the other as soon as it hears of it.
//   PA4  Once the passage is closed nothing of it is live: calls in flight are answered E_TARGET, those that it serves
//        are dropped, what it got is cut, what it gave is let go.
// Trust
//   The other side may say anything. Numbers of a guest never come here: the kernel has turned handles into capabilities.
import type { Account, Capability, Contract } from "../../kernel/index.ts";
import { type Asking, askingTarget, closeAsking, newAsking, takeReply } from "./asking.ts";
import { type CheckedFields, type Message, OP, type Post } from "./frame.ts";
import { closeServing, dropServed, newServing, type Served, serve } from "./serving.ts";
import { closeTables, cutGot, get, give, letGo, newTables, type Tables } from "./tables.ts";

/** Whose calls those are that come from the other side. */
export interface Caller {
  readonly domain: number;
  readonly owner: unknown;
  readonly account: Account | undefined;
}

export interface PassageParts {
  readonly post: Post;
  readonly caller: Caller;
  /** The other side broke the rules: it is to be ended. */
  readonly violated: (why: string) => void;
  /** Calls from the other side that are served at once. */
  readonly mostCalls: number;
  /** What was got is sent back as what it is: of the worker, for the embedder judges its own. */
  readonly sendsBack: boolean;
  /** So many more calls of the other side are in flight. */
  readonly onFlight?: ((change: 1 | -1) => void) | undefined;
  /** The guest's own time, which goes with its calls. */
  readonly time?: (() => number | null) | undefined;
  /** With which time a call came. False: it is none. */
  readonly onTime?: ((time: number | null) => boolean) | undefined;
  readonly onServed?: ((served: Served) => void) | undefined;
}

export interface Passage {
  /** Gives a capability, which nobody else holds, to the other side; the number by which it is called from there. */
  give(capability: Capability): number;
  /** What the other side gave under this number. `atOnce`: methods whose callers stand still, and want to know. */
  get(id: number, contract: Contract, atOnce?: ReadonlySet<number>): Capability;
  /** Takes a message of this passage. */
  take(message: Message): void;
  /** Calls of the other side that are served. */
  open(): number;
  close(): void;
}

type Handler = (fields: CheckedFields, body: Uint8Array) => void;

export function newPassage(parts: PassageParts): Passage {
  const { post, violated, sendsBack, onFlight, time } = parts;
  const asking: Asking = newAsking({ post, violated, onFlight, time, tables: () => tables });
  const targetOf: Tables["targetOf"] = (id, contract, atOnce) => askingTarget(asking, id, contract, atOnce);
  const tables: Tables = newTables({ post, targetOf, sendsBack });
  const serving = newServing({ ...parts, tables });
  const handlers: ReadonlyMap<number, Handler> = new Map<number, Handler>([
    [
      OP.CALL,
      ([call, id, method, atOnce, references, time], body) =>
        serve(serving, { call, id, method, atOnce, references, time }, body),
    ],
    [OP.REPLY, ([call, kind, references], body) => takeReply(asking, call, kind, references, body)],
    [OP.DROP, ([call]) => dropServed(serving, call)],
    [OP.REVOKE, ([id, isBroken]) => cutGot(tables, id, isBroken)],
    [OP.RELEASE, ([id]) => void (letGo(tables, id) || violated("let go what it does not have"))],
  ]);
  return {
    give: (capability) => give(tables, capability, true),
    get: (id, contract, atOnce) => get(tables, id, contract, atOnce),
    take({ op, fields, body }) {
      if (tables.isClosed) return;
      const handler = handlers.get(op);
      if (handler === undefined) violated("a message that is not its to send");
      else handler(fields as unknown as CheckedFields, body);
    },
    open: () => serving.open.size,
    close() {
      if (tables.isClosed) return;
      closeServing(serving);
      closeAsking(asking);
      closeTables(tables);
    },
  };
}
