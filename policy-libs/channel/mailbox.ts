// A mailbox: values from domains to domains, in order, each to one receiver.
//
// Invariants
//   M1  At most `capacity` values of at most `mostBytes` together wait in the box, and values of at most `mostBytes` in
//       sends that wait for room.
//   M2  Every value whose send succeeded is received once, in order, unless the receiving side closes the box.
//   M3  Receivers and senders never both wait.
import { type Signal, signal } from "../call.ts";
import { type Line, newLine } from "../line.ts";
import { refusal, refuse } from "../refusal.ts";
import { checkCount } from "./count.ts";
import { newQueue, type Queue } from "./queue.ts";
import { weightOf } from "./weight.ts";

const CAPACITY = 64;
const MOST_CAPACITY = 1_000_000;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_BYTES_EVER = 2 ** 30;

/** How much a mailbox holds. */
export interface MailboxOptions {
  /** Values that wait in the box. Default: 64. */
  readonly capacity?: number | undefined;
  /** Bytes that they hold together, about. Default: 16 MiB. */
  readonly mostBytes?: number | undefined;
  /** Calls that wait on either side. Default: 10,000. */
  readonly mostWaiting?: number | undefined;
}

export interface MailboxPlace {
  readonly sender: {
    /** Waits while the box is full. */
    send(value: unknown): Promise<void>;
    /** False if it would have to wait. */
    trySend(value: unknown): boolean;
    /** Nothing more comes: what is in the box can still be received. */
    close(): void;
  };
  readonly receiver: {
    receive(): Promise<unknown>;
    tryReceive(): { readonly value: unknown } | undefined;
    /** Nothing more is wanted: what is in the box is thrown away. */
    close(): void;
  };
}

interface Letter {
  readonly value: unknown;
  readonly weight: number;
}

interface Mailbox {
  readonly box: Queue<Letter>;
  readonly senders: Line<Letter, void>;
  readonly receivers: Line<undefined, unknown>;
  readonly capacity: number;
  readonly mostBytes: number;
  /** Bytes of the values in the box, and of those whose senders wait. */
  inBox: number;
  held: number;
  isClosed: boolean;
}

const closed = (): Error => refusal("E_CLOSED", "the mailbox is closed");

const fits = ({ box, capacity, inBox, mostBytes }: Mailbox, { weight }: Letter): boolean =>
  box.size < capacity && inBox + weight <= mostBytes;

function put(mailbox: Mailbox, letter: Letter): void {
  mailbox.box.add(letter);
  mailbox.inBox += letter.weight;
}

function take(mailbox: Mailbox): unknown {
  const { value, weight } = mailbox.box.take() as Letter;
  mailbox.inBox -= weight;
  return value;
}

function admit(mailbox: Mailbox): void {
  const { senders } = mailbox;
  for (let letter = senders.first(); letter !== undefined && fits(mailbox, letter); letter = senders.first()) {
    mailbox.held -= letter.weight;
    put(mailbox, letter);
    senders.serve();
  }
}

/** Serves both sides until one of them has to wait (M3). */
function settle(mailbox: Mailbox): void {
  const { box, senders, receivers } = mailbox;
  admit(mailbox);
  while (receivers.size > 0 && box.size > 0) {
    receivers.serve(take(mailbox));
    admit(mailbox);
  }
  if (mailbox.isClosed && box.size === 0 && senders.size === 0) receivers.dismiss(closed);
}

function seal({ isClosed, mostBytes }: Mailbox, value: unknown): Letter {
  if (isClosed) throw closed();
  const weight = weightOf(value, mostBytes);
  if (weight > mostBytes) refuse("E_TOO_LARGE", `values of at most ${mostBytes} bytes`);
  return { value, weight };
}

async function send(mailbox: Mailbox, value: unknown, guest: Signal): Promise<void> {
  const letter = seal(mailbox, value);
  const { senders, held, mostBytes } = mailbox;
  if (senders.size > 0 && held + letter.weight > mostBytes) refuse("E_BUSY", "too many bytes wait already");
  const { done } = senders.enter(letter, guest, (how) => {
    if (how !== "gone") return;
    mailbox.held -= letter.weight;
    settle(mailbox);
  });
  mailbox.held += letter.weight;
  settle(mailbox);
  await done;
}

function trySend(mailbox: Mailbox, value: unknown): boolean {
  const letter = seal(mailbox, value);
  if (mailbox.senders.size > 0 || !fits(mailbox, letter)) return false;
  put(mailbox, letter);
  settle(mailbox);
  return true;
}

async function receive(mailbox: Mailbox, guest: Signal): Promise<unknown> {
  const { done } = mailbox.receivers.enter(undefined, guest);
  settle(mailbox);
  return await done;
}

function tryReceive(mailbox: Mailbox): { readonly value: unknown } | undefined {
  if (mailbox.box.size === 0 && mailbox.isClosed) throw closed();
  if (mailbox.box.size === 0) return undefined;
  const value = take(mailbox);
  settle(mailbox);
  return { value };
}

function close(mailbox: Mailbox): void {
  mailbox.isClosed = true;
  settle(mailbox);
}

function discard(mailbox: Mailbox): void {
  mailbox.box.clear();
  [mailbox.inBox, mailbox.held] = [0, 0];
  mailbox.isClosed = true;
  mailbox.senders.dismiss(closed);
  settle(mailbox);
}

export function mailboxPlace(options: MailboxOptions = {}): MailboxPlace {
  const { capacity = CAPACITY, mostBytes = MOST_BYTES, mostWaiting } = options;
  const mailbox: Mailbox = {
    box: newQueue(),
    senders: newLine(mostWaiting),
    receivers: newLine(mostWaiting),
    capacity: checkCount("capacity", capacity, 1, MOST_CAPACITY),
    mostBytes: checkCount("mostBytes", mostBytes, 1, MOST_BYTES_EVER),
    inBox: 0,
    held: 0,
    isClosed: false,
  };
  return {
    sender: {
      send: async (value) => await send(mailbox, value, signal()),
      trySend: (value) => trySend(mailbox, value),
      close: () => close(mailbox),
    },
    receiver: {
      receive: async () => await receive(mailbox, signal()),
      tryReceive: () => tryReceive(mailbox),
      close: () => discard(mailbox),
    },
  };
}
