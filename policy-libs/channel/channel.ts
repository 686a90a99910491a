// Channels between domains. Each is made once; its ends are granted to whom the embedder wants to have them.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { whenUnused } from "../unused.ts";
import { MAILBOX_RECEIVER, MAILBOX_SENDER, PIPE_READER, PIPE_WRITER, SEMAPHORE, SHARED_BYTES } from "./contract.ts";
import { type MailboxOptions, mailboxPlace } from "./mailbox.ts";
import { type PipeOptions, pipePlace } from "./pipe.ts";
import { newSemaphore, type SemaphoreOptions, type SemaphorePlace } from "./semaphore.ts";
import { type SharedOptions, sharedPlace } from "./shared.ts";

/** The two ends of a pipe, to be granted to whom they are for. */
export interface PipeEnds {
  readonly reader: GrantedOf<typeof PIPE_READER>;
  readonly writer: GrantedOf<typeof PIPE_WRITER>;
}

/** A pipe of bytes, with back-pressure. */
export function pipe(options: PipeOptions = {}): PipeEnds {
  const { reader, writer } = pipePlace(options);
  return Object.freeze({ reader: capability(PIPE_READER, reader), writer: capability(PIPE_WRITER, writer) });
}

/** The two ends of a mailbox, to be granted to whom they are for. */
export interface MailboxEnds {
  readonly sender: GrantedOf<typeof MAILBOX_SENDER>;
  readonly receiver: GrantedOf<typeof MAILBOX_RECEIVER>;
}

/** A mailbox of values. Each value goes to one receiver. */
export function mailbox(options: MailboxOptions = {}): MailboxEnds {
  const { sender, receiver } = mailboxPlace(options);
  return Object.freeze({
    sender: capability(MAILBOX_SENDER, sender),
    receiver: capability(MAILBOX_RECEIVER, receiver),
  });
}

/** Bytes that everybody who is granted them shares, zeros at first. */
export const sharedBytes = (length: number, options: SharedOptions = {}): GrantedOf<typeof SHARED_BYTES> =>
  capability(SHARED_BYTES, sharedPlace(length, options));

type SemaphoreGrant = GrantedOf<typeof SEMAPHORE>;

/** How to make another place of the same semaphore. */
const makers = new WeakMap<object, () => SemaphorePlace>();

function grantOf(make: () => SemaphorePlace): SemaphoreGrant {
  const { leave, ...functions } = make();
  const granted = whenUnused(capability(SEMAPHORE, functions), leave);
  makers.set(granted, make);
  return granted;
}

/** Permits that everybody who is granted the semaphore shares. One permit makes a lock. */
export const semaphore = (count: number, options: SemaphoreOptions = {}): SemaphoreGrant =>
  grantOf(newSemaphore(count, options));

/** Another grant of the same semaphore, for another guest: of a robust one it holds permits of its own. */
export function sharing(granted: SemaphoreGrant): SemaphoreGrant {
  const make = makers.get(granted);
  if (make === undefined) throw new TypeError("sharing takes what semaphore() or sharing() gave");
  return grantOf(make);
}
