// Frames: what goes between an embedder and a worker. One message is one run of bytes, whatever carries it:
//
//   [length of the head, 4 bytes] [head: one CBOR array of plain data: op, box, fields] [body: bytes of one value]
//
// Invariants
//   F1  What is read is well formed: a known op, as many fields as it has, each of the kind that its row says.
//   F2  A frame that is none is told as undefined, whatever its bytes are.
// Trust
//   Whoever is on the other side may be compromised: nothing here means that what a frame says is true.
import { MAX_VALUE_BYTES } from "../../kernel/index.ts";
import { decodeBytes, encodeValue } from "../values.ts";

/** A reference to a capability: of the sender's own table (0), or of the receiver's (1). */
export type Reference = readonly [whose: 0 | 1, id: number];

/** What messages are about. `box` 0 is the worker itself. */
export const OP = {
  // From the embedder.
  MAKE: 0, // plan
  JOB: 1, // job, what; body: the message for the guest
  ABORT: 2, // job
  END: 3, // ending
  DISPOSE: 4,
  ASK: 5, // question
  UNASK: 6, // question
  RESUME: 7, // job
  CANCEL: 8, // job
  LEASH: 9, // limits of the box by resource, whether it is frozen
  TAKE: 10, // number, what (TAKE), how long to wait
  IMAGE: 11, // number, is it the last piece; body: a piece of a guest part
  FORGET: 12, // number of an image
  STORED: 13, // number, was it kept
  GOT: 14, // number, what (GOT), is it the last piece; body: a piece of what the store has
  NAP: 15, // number, ms of the guest's own time; null: nobody waits for it
  // From the worker.
  READY: 16, // version
  MADE: 17, // error or null, usage
  RESULT: 18, // job, result; body: the value or error
  SAY: 19, // body: [level, text]
  TOLD: 20, // record; body: the answer
  USAGE: 21, // usage
  ENDED: 22, // ending
  GONE: 23, // usage
  RESTS: 24, // does the guest of the run wait
  TAKEN: 25, // number, error or null, facts
  BYTES: 26, // number; body: a piece of a guest part
  UNDONE: 27, // job, error: it could not begin
  PUT: 28, // number, is it the last piece; body: a piece of what the store is to keep
  GET: 29, // number
  WOKE: 30, // number, the guest's own time
  // Both ways: capabilities.
  CALL: 32, // call, capability, method, wants to know at once, references, the guest's own time or null; body: arguments
  REPLY: 33, // call, kind, references; body: the value or error
  DROP: 34, // call
  REVOKE: 35, // capability, is it broken
  RELEASE: 36, // capability
  // From the embedder, to guests with a time of their own.
  PASS: 48, // how many calls have come: none of them is being performed; 0: one is
} as const;

/** Kinds of replies. LATER: a call that was to be answered at once will take its time; its reply follows. */
export const REPLY = { VALUE: 0, FAILED: 1, LATER: 2 } as const;

/** What is to be taken of a sandbox that rests: an image that the worker keeps, one that it sends, nothing but its memory. */
export const TAKE = { KEEP: 0, SEND: 1, SLEEP: 2 } as const;

/** What a store has of a sandbox. */
export const GOT = { NOTHING: 0, BYTES: 1, FAILED: 2 } as const;

/** Sends a message of one box. */
export type Post = (op: number, fields: readonly unknown[], body?: Uint8Array) => void;

/** Fields that were checked by the row of their op: handlers say of what type they are. */
export type CheckedFields = readonly [never, never, never, never, never, never];

export interface Message {
  readonly op: number;
  readonly box: number;
  readonly fields: readonly unknown[];
  readonly body: Uint8Array;
}

type Check = (value: unknown) => boolean;
const isId: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag: Check = (value) => typeof value === "boolean";
const isRecord: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isReference: Check = (value) =>
  Array.isArray(value) && value.length === 2 && (value[0] === 0 || value[0] === 1) && isId(value[1]);
const isReferences: Check = (value) => Array.isArray(value) && value.every(isReference);
const isKind: Check = (value) => value === 0 || value === 1 || value === 2;
const isWait: Check = (value) => typeof value === "number" && value >= 0;
const isTime: Check = (value) => Number.isFinite(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

// biome-ignore format: a table
const FIELDS: ReadonlyMap<unknown, readonly Check[]> = new Map<unknown, readonly Check[]>([
  [OP.MAKE, [isRecord]], [OP.JOB, [isId, isRecord]], [OP.ABORT, [isId]], [OP.END, [isRecord]], [OP.DISPOSE, []],
  [OP.ASK, [isId]], [OP.UNASK, [isId]], [OP.RESUME, [isId]], [OP.CANCEL, [isId]], [OP.LEASH, [isRecord, isFlag]],
  [OP.TAKE, [isId, isKind, isWait]], [OP.IMAGE, [isId, isFlag]], [OP.FORGET, [isId]],
  [OP.STORED, [isId, isFlag]], [OP.GOT, [isId, isKind, isFlag]], [OP.PUT, [isId, isFlag]], [OP.GET, [isId]],
  [OP.NAP, [isId, orNull(isWait)]], [OP.WOKE, [isId, isTime]], [OP.PASS, [isId]],
  [OP.READY, [isId]], [OP.MADE, [orNull(isRecord), isRecord]], [OP.RESULT, [isId, isRecord]], [OP.SAY, []],
  [OP.TOLD, [isRecord]], [OP.USAGE, [isRecord]], [OP.ENDED, [isRecord]], [OP.GONE, [isRecord]],
  [OP.RESTS, [isFlag]],
  [OP.TAKEN, [isId, orNull(isRecord), isRecord]], [OP.BYTES, [isId]], [OP.UNDONE, [isId, isRecord]],
  [OP.CALL, [isId, isId, isId, isFlag, isReferences, orNull(isTime)]], [OP.REPLY, [isId, isKind, isReferences]],
  [OP.DROP, [isId]], [OP.REVOKE, [isId, isFlag]], [OP.RELEASE, [isId]],
]);

const LENGTH = 4; // bytes
/** Bytes of a head: plans and results without their values. What may be long in them is bounded by their writers. */
const MOST_HEAD = 48 * 1024 * 1024;
/** No frame is longer. */
export const MOST_FRAME = LENGTH + MOST_HEAD + MAX_VALUE_BYTES;
const NOTHING = new Uint8Array(0);

export function writeFrame(
  op: number,
  box: number,
  fields: readonly unknown[],
  body: Uint8Array = NOTHING,
): Uint8Array {
  // Before the head is written: the body may be scratch space of the same writer.
  const kept = body.slice();
  const head = encodeValue([op, box, ...fields], "message");
  const frame = new Uint8Array(LENGTH + head.length + kept.length);
  new DataView(frame.buffer).setUint32(0, head.length);
  frame.set(head, LENGTH);
  frame.set(kept, LENGTH + head.length);
  return frame;
}

function readHead(frame: Uint8Array): { readonly head: unknown; readonly end: number } | undefined {
  if (frame.length < LENGTH) return undefined;
  const end = LENGTH + new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  if (end > frame.length || end > LENGTH + MOST_HEAD) return undefined;
  try {
    return { head: decodeBytes(frame.subarray(LENGTH, end)), end };
  } catch {
    return undefined;
  }
}

/** The message in a frame of anybody; undefined if it is none. */
export function readFrame(frame: Uint8Array): Message | undefined {
  const { head, end } = readHead(frame) ?? {};
  if (!Array.isArray(head)) return undefined;
  const [op, box, ...fields] = head as unknown[];
  const checks = FIELDS.get(op);
  if (checks === undefined || !isId(box) || fields.length !== checks.length) return undefined;
  if (!checks.every((check, at) => check(fields[at]))) return undefined;
  return { op: op as number, box: box as number, fields, body: frame.subarray(end) };
}
