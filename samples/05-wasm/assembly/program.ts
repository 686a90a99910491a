// Counts the lines, words and bytes of a file: a program without a language engine, which talks to its capabilities by
// the gates alone and writes and reads the bytes that cross itself.
import * as cbor from "./cbor";
import { CONSOLE, FILES, PENDING, READ_TEXT, WRITE, call, receive } from "./gates";

function text(value: string): void {
  const bytes = String.UTF8.byteLength(value);
  const place = memory.data(256);
  String.UTF8.encodeUnsafe(changetype<usize>(value), value.length, place);
  cbor.text(place, bytes);
}

/** console.write(level, text) */
function say(level: string, line: string): void {
  cbor.start();
  cbor.array(2);
  text(level);
  text(line);
  call(CONSOLE, WRITE, cbor.address(), cbor.length(), cbor.capacity());
}

/** Digits of a number, without the allocator of a run-time library. */
const digits = memory.data(16);
function sayNumber(label: string, value: i32): void {
  let rest = value;
  let at = 16;
  do {
    at -= 1;
    store<u8>(digits + at, <u8>(48 + (rest % 10)));
    rest /= 10;
  } while (rest > 0);
  const line = memory.data(64);
  const before = String.UTF8.encodeUnsafe(changetype<usize>(label), label.length, line);
  memory.copy(line + before, digits + at, 16 - at);
  cbor.start();
  cbor.array(2);
  text("log");
  cbor.text(line, <i32>before + 16 - at);
  call(CONSOLE, WRITE, cbor.address(), cbor.length(), cbor.capacity());
}

/** files.readText(path): the call goes on while the file is read, so wait for the message that completes it. */
function readText(path: string): i32 {
  cbor.start();
  cbor.array(1);
  text(path);
  const answer = call(FILES, READ_TEXT, cbor.address(), cbor.length(), cbor.capacity());
  if (answer > PENDING) return -1;
  // [0, token, ok, value]
  const got = receive(cbor.address(), cbor.capacity(), 1);
  if (got < 4 || got > cbor.capacity()) return -1;
  const token = PENDING - answer;
  const okAt = cbor.address() + (token < 24 ? 3 : token < 256 ? 4 : 5);
  const isOk = load<u8>(okAt) == 0xf5;
  return isOk ? cbor.textLength(okAt + 1) : -1;
}

function isSpace(byte: u8): bool {
  return byte == 32 || (byte >= 9 && byte <= 13);
}

/** The program. Its result is its exit code. */
export function main(): i32 {
  const length = readText("README.md");
  if (length < 0) {
    say("error", "cannot read README.md: run with --grant files=ro:DIR");
    return 1;
  }
  let lines = 0;
  let words = 0;
  let inWord = false;
  for (let i = 0; i < length; i++) {
    const byte = load<u8>(cbor.textStart + i);
    if (byte == 10) lines++;
    const space = isSpace(byte);
    if (!space && !inWord) words++;
    inWord = !space;
  }
  sayNumber("lines ", lines);
  sayNumber("words ", words);
  sayNumber("bytes ", length);
  return 0;
}
