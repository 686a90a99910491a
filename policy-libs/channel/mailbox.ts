// A mailbox: values from domains to domains, in order, each to one receiver.
//
// Invariants
//   M1  At most `capacity` values of at most `mostBytes` together wait in the box, and values of at most `mostBytes` in
//       sends that wait for room.
//   M2  Every value whose send succeeded is received once, in order, unless the receiving side closes the box.
//   M3  Receivers and senders never both wait.
import { signal } from "../call.ts";
import { MOST_WAITING, newLine } from "../line.ts";
import { refusal, refuse } from "../refusal.ts";
import { checkCount } from "./count.ts";
import { newQueue } from "./queue.ts";
import { weightOf } from "./weight.ts";

const CAPACITY = 64;
const MOST_CAPACITY = 1_000_000;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_BYTES_EVER = 2 ** 30;

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

export function mailboxPlace(options: MailboxOptions = {}): MailboxPlace {
  const { capacity = CAPACITY, mostBytes = MOST_BYTES, mostWaiting = MOST_WAITING } = options;
  checkCount("capacity", capacity, 1, MOST_CAPACITY);
  checkCount("mostBytes", mostBytes, 1, MOST_BYTES_EVER);
  const box = newQueue<Letter>();
  const senders = newLine<Letter, void>({ most: mostWaiting });
  const receivers = newLine<undefined, unknown>({ most: mostWaiting });
  let [inBox, held] = [0, 0];
  let isClosed = false;

  const closed = (): Error => refusal("E_CLOSED", "the mailbox is closed");
  const fits = ({ weight }: Letter): boolean => box.size < capacity && inBox + weight <= mostBytes;

  function put(letter: Letter): void {
    box.add(letter);
    inBox += letter.weight;
  }
  function take(): Letter {
    const letter = box.take() as Letter;
    inBox -= letter.weight;
    return letter;
  }
  function admit(): void {
    for (let letter = senders.first(); letter !== undefined && fits(letter); letter = senders.first()) {
      held -= letter.weight;
      put(letter);
      senders.serve();
    }
  }
  /** Serves both sides until one of them has to wait (M3). */
  function settle(): void {
    admit();
    while (receivers.size > 0 && box.size > 0) {
      receivers.serve(take().value);
      admit();
    }
    if (isClosed && box.size === 0 && senders.size === 0) receivers.dismiss(closed);
  }
  function seal(value: unknown): Letter {
    if (isClosed) throw closed();
    const weight = weightOf(value, mostBytes);
    if (weight > mostBytes) refuse("E_TOO_LARGE", `values of at most ${mostBytes} bytes`);
    return { value, weight };
  }
  function leaveLetter(letter: Letter): void {
    held -= letter.weight;
    settle();
  }
  function join(letter: Letter): Promise<void> {
    if (senders.size > 0 && held + letter.weight > mostBytes) refuse("E_BUSY", "too many bytes wait already");
    const { done } = senders.enter(letter, signal(), (how) => (how === "gone" ? leaveLetter(letter) : undefined));
    held += letter.weight;
    settle();
    return done;
  }
  return {
    sender: {
      send: async (value) => await join(seal(value)),
      trySend(value) {
        const letter = seal(value);
        if (senders.size > 0 || !fits(letter)) return false;
        put(letter);
        settle();
        return true;
      },
      close() {
        isClosed = true;
        settle();
      },
    },
    receiver: {
      async receive() {
        const { done } = receivers.enter(undefined, signal());
        settle();
        return await done;
      },
      tryReceive() {
        if (box.size === 0 && isClosed) throw closed();
        if (box.size === 0) return undefined;
        const { value } = take();
        settle();
        return { value };
      },
      close() {
        isClosed = true;
        [inBox, held] = [0, 0];
        box.clear();
        senders.dismiss(closed);
        settle();
      },
    },
  };
}
