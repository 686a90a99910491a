// The head of a message: [COMPLETION, token, ok, value] or [REQUEST, token, method, value].

import { base } from "./buffer";
import { END, POSITION, readArgument, skip, address, remaining } from "./reader";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(16, 16) as i32, TOKEN = WORDS, METHOD = WORDS + 4, OK = WORDS + 8, VALUE = WORDS + 12;

export function tokenOf(): i32 {
  return load<i32>(TOKEN);
}

/** The method of a request, -1 for a completion. */
export function methodOf(): i32 {
  return load<i32>(METHOD);
}

/** 1 or 0 for a completion, -1 for a request. */
export function isOk(): i32 {
  return load<i32>(OK);
}

export function valueAt(): i32 {
  return load<i32>(VALUE);
}

/** Reads the head of the message at [from, to); false when it is not one. */
export function readMessage(from: i32, to: i32): bool {
  if (to - from < 5 || load<u8>(base() + from) != 0x84) return false;
  const position = load<i32>(POSITION);
  const end = load<i32>(END);
  store<i32>(POSITION, from + 1);
  store<i32>(END, to);
  const ok = readHead();
  store<i32>(VALUE, load<i32>(POSITION));
  store<i32>(POSITION, position);
  store<i32>(END, end);
  return ok;
}

function readHead(): bool {
  const kind = readUint();
  const token = readUint();
  if (kind < 0 || kind > 1 || token < 0 || remaining() < 1) return false;
  store<i32>(TOKEN, i32(token));
  return kind == 0 ? readOk() : readMethod();
}

function readUint(): i64 {
  if (remaining() < 1) return -1;
  const initial: i32 = load<u8>(address());
  skip(1);
  return initial >> 5 == 0 ? readArgument(initial) : -1;
}

function readOk(): bool {
  const byte: i32 = load<u8>(address());
  skip(1);
  store<i32>(OK, byte == 0xf5 ? 1 : 0);
  store<i32>(METHOD, -1);
  return byte == 0xf5 || byte == 0xf4;
}

function readMethod(): bool {
  const method = readUint();
  store<i32>(METHOD, i32(method));
  store<i32>(OK, -1);
  return method >= 0;
}
