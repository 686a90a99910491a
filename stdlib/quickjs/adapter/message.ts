// The head of a message: [COMPLETION, token, ok, value], [REQUEST, token, method, value], [INVOKE, token, object, name,
// arguments], [FORGET, object, times] or [FORKED, incarnation].

import { base } from "./buffer";
import { END, POSITION, readArgument, skip, address, remaining } from "./reader";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(32, 16) as i32, TOKEN = WORDS, METHOD = WORDS + 4, OK = WORDS + 8, VALUE = WORDS + 12,
  MESSAGE_KIND = WORDS + 16;

export const TAKES_LONGER: i32 = 2;

export const COMPLETION: i32 = 0, REQUEST: i32 = 1, INVOKE: i32 = 2, FORGET: i32 = 3, FORKED: i32 = 4;

export function kindOfMessage(): i32 {
  return load<i32>(MESSAGE_KIND);
}

/** The token; of FORGET the object, of FORKED the incarnation. */
export function tokenOf(): i32 {
  return load<i32>(TOKEN);
}

/** The method of a request, the object of INVOKE, the times of FORGET. */
export function methodOf(): i32 {
  return load<i32>(METHOD);
}

/** 1 or 0 for a completion, TAKES_LONGER for news of a call that goes on, -1 for everything else. */
export function isOk(): i32 {
  return load<i32>(OK);
}

/** Where the value begins; of INVOKE the name, with the arguments behind it. */
export function valueAt(): i32 {
  return load<i32>(VALUE);
}

/** Reads the head of the message at [from, to); false when it is not one. */
export function readMessage(from: i32, to: i32): bool {
  const position = load<i32>(POSITION);
  const end = load<i32>(END);
  store<i32>(POSITION, from + 1);
  store<i32>(END, to);
  const ok = to - from >= 3 && readHead(load<u8>(base() + from));
  store<i32>(VALUE, load<i32>(POSITION));
  store<i32>(POSITION, position);
  store<i32>(END, end);
  return ok;
}

function readHead(initial: i32): bool {
  const kind = i32(readUint());
  const token = readUint();
  if (token < 0) return false;
  store<i32>(MESSAGE_KIND, kind);
  store<i32>(TOKEN, i32(token));
  store<i32>(METHOD, -1);
  store<i32>(OK, -1);
  if (kind == FORKED) return initial == 0x82;
  if (remaining() < 1) return false;
  if (kind == COMPLETION) return initial == 0x84 && readOk();
  const parts = kind == REQUEST ? 0x84 : kind == INVOKE ? 0x85 : kind == FORGET ? 0x83 : -1;
  return initial == parts && readMethod();
}

function readUint(): i64 {
  if (remaining() < 1) return -1;
  const initial: i32 = load<u8>(address());
  skip(1);
  return initial >> 5 == 0 ? readArgument(initial) : -1;
}

/** Where the text at `from` ends, or `to` if it is none. */
export function skipText(from: i32, to: i32): i32 {
  const position = load<i32>(POSITION);
  const end = load<i32>(END);
  store<i32>(POSITION, from);
  store<i32>(END, to);
  let behind = to;
  if (remaining() > 0) {
    const initial: i32 = load<u8>(address());
    skip(1);
    const length = initial >> 5 == 3 ? readArgument(initial) : -1;
    if (length >= 0 && length <= remaining()) behind = load<i32>(POSITION) + i32(length);
  }
  store<i32>(POSITION, position);
  store<i32>(END, end);
  return behind;
}

function readOk(): bool {
  const byte: i32 = load<u8>(address());
  skip(1);
  store<i32>(OK, byte == 0xf6 ? TAKES_LONGER : byte == 0xf5 ? 1 : 0);
  return byte == 0xf5 || byte == 0xf4 || byte == 0xf6;
}

function readMethod(): bool {
  const method = readUint();
  store<i32>(METHOD, i32(method));
  return method >= 0;
}
