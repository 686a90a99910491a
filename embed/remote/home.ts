// The embedder's side of a worker: its sandboxes, and what is to happen when it says what it may not, or nothing more.
//
// Invariants
//   HO1  What the worker says is checked before it is used. What no honest worker says ends it: `lose`.
//   HO2  When it is lost, every run in it is told of once, as trapped, with the reason; every sandbox of it has ended.
// Trust
//   Trusts nothing that comes from the worker beyond what its guests were granted.

import type { Channel } from "./channel.ts";
import { type Message, OP, readFrame, writeFrame } from "./frame.ts";
import { type ImageBook, newImageBook } from "./home-images.ts";
import { type ContractBook, newContractBook } from "./plan-data.ts";
import { VERSION } from "./version.ts";

/** One sandbox of a worker, as frames reach it. */
export interface Addressee {
  take(message: Message): void;
  /** Once in a while, while something of it runs: what it may use may have changed. */
  look(): void;
  lost(why: string): void;
}

/** A worker, as its sandboxes see it. */
export interface Home {
  readonly contracts: ContractBook;
  readonly images: ImageBook;
  post(box: number, op: number, fields: readonly unknown[], body?: Uint8Array): void;
  /** A number of its own. */
  add(addressee: (box: number) => Addressee): void;
  remove(box: number): void;
  /** So many more calls of this side wait for its answer. */
  waits(change: 1 | -1): void;
  /** The worker broke the protocol or does not answer: nothing of it is believed any more. */
  lose(why: string): void;
  /** Why it is lost, if it is. */
  lost(): string | undefined;
}

export interface HomeOptions {
  readonly channel: Channel;
  /** It can serve. */
  readonly onReady: () => void;
  /** It is lost, once. Its sandboxes have been told. */
  readonly onLost: (why: string) => void;
  /** Why it ended, if somebody knows. */
  readonly explain: () => string | undefined;
  /** Calls of this side begin to wait for its answers, or none does any more. */
  readonly onWaiting: (isWaiting: boolean) => void;
}

/** How often sandboxes look at what they may use. */
const LOOK_MS = 40;

export function newHome({ channel, onReady, onLost, explain, onWaiting }: HomeOptions): Home {
  const addressees = new Map<number, Addressee>();
  let next = 1;
  let gone: string | undefined;
  let waiting = 0;

  function lose(why: string): void {
    if (gone !== undefined) return;
    gone = why;
    clearInterval(timer as number);
    channel.close();
    const all = [...addressees.values()];
    addressees.clear();
    for (const one of all) one.lost(why);
    onLost(why);
  }

  function take(message: Message): void {
    if (message.box !== 0) {
      // One that is gone may still have been spoken to; one that never was has not.
      if (message.box >= next) return lose("it broke the protocol: a sandbox that there is not");
      return addressees.get(message.box)?.take(message);
    }
    if (message.op !== OP.READY) return lose("it broke the protocol: a message that is not its to send");
    if (message.fields[0] !== VERSION) return lose("it is of another version of this package");
    onReady();
  }

  const timer: unknown = setInterval(() => {
    for (const one of addressees.values()) one.look();
  }, LOOK_MS);
  (timer as { unref?(): void }).unref?.();

  channel.listen(
    (frame) => {
      if (gone !== undefined) return;
      const message = readFrame(frame);
      if (message === undefined) return lose("it broke the protocol: a frame that is none");
      take(message);
    },
    () => lose(explain() ?? "it ended"),
  );

  const post: Home["post"] = (box, op, fields, body) => {
    if (gone === undefined) channel.post(writeFrame(op, box, fields, body));
  };
  return {
    contracts: newContractBook(),
    images: newImageBook((op, fields, body) => post(0, op, fields, body)),
    post,
    add(addressee) {
      const box = next++;
      addressees.set(box, addressee(box));
    },
    remove: (box) => void addressees.delete(box),
    waits(change) {
      waiting += change;
      if (waiting === 0 || (waiting === 1 && change === 1)) onWaiting(waiting > 0);
    },
    lose,
    lost: () => gone,
  };
}
