// One call of a capability, waiting for what takes time.

import { ensure, room, scratch, touch } from "./arena";
import { NOMEM, NOTCAPABLE, NOTSUP } from "./errno";
import { answer, call, CALL_AWAITED, CALL_ERROR, CALL_PENDING, receive, reply } from "./gates";
import { ARRAY, lastArgument, MAP, position, readFrom, readHead, requestLength, skipString, skipValue, TAG, TEXT, UINT } from "./value";

const COMPLETION: u64 = 0;
const TRUE: u64 = 21;
const UNDEFINED: u8 = 0xf7;
/** "code", as a little-endian word. */
const CODE: u32 = 0x65646f63;

/** Sends the request in the scratch. 0: the reply can be read; else the error number that the target told. */
export function invoke(handle: i32, method: i32): i32 {
  const capacity = room();
  const n = call(handle, method, scratch(), requestLength(), capacity);
  if (n <= CALL_AWAITED) return waitFor(u32(CALL_AWAITED - n));
  if (n <= CALL_PENDING) return waitFor(u32(CALL_PENDING - n));
  if (n == CALL_ERROR) return takeError();
  if (n < 0) return NOTCAPABLE; // refused by a policy before the gate
  if (u32(n) > capacity && !takeReply(n)) return NOMEM;
  touch(n);
  readFrom(scratch(), n);
  return 0;
}

function takeReply(n: u32): bool {
  return ensure(n) && reply(scratch(), n) == n;
}

function takeError(): i32 {
  let n = reply(scratch(), room());
  if (n > i32(room())) n = takeReply(n) ? n : -1;
  if (n < 0) return NOTCAPABLE;
  touch(n);
  readFrom(scratch(), n);
  return readError();
}

/** The field `code` of an error value if it is a number. In errors of the kernel's own it is a text: no capability. */
function readError(): i32 {
  if (readHead() == TAG) readHead();
  skipValue();
  if (readHead() != MAP) return NOTCAPABLE;
  for (let left = lastArgument(); left > 0; left--) {
    const isText = readHead() == TEXT;
    const key = skipString();
    if (isText && position() - key == 4 && load<u32>(key) == CODE) {
      return readHead() == UINT ? i32(lastArgument()) : NOTCAPABLE;
    }
    skipValue();
  }
  return NOTCAPABLE;
}

function waitFor(token: u32): i32 {
  while (true) {
    let n = receive(scratch(), room(), 1);
    if (n < 0) return NOTSUP; // the host cannot suspend
    if (n > i32(room())) {
      if (!ensure(n)) return NOMEM;
      n = receive(scratch(), n, 0);
    }
    touch(n);
    readFrom(scratch(), n);
    if (isCompletionOf(token)) return isGood() ? 0 : readError();
  }
}

function isGood(): bool {
  readHead();
  return lastArgument() == TRUE;
}

/** Requests of others are turned away: a program of the command line serves nobody. */
function isCompletionOf(token: u32): bool {
  if (readHead() != ARRAY || readHead() != UINT) return false;
  const kind = lastArgument();
  if (readHead() != UINT) return false;
  if (kind == COMPLETION) return lastArgument() == token;
  store<u8>(scratch(), UNDEFINED);
  answer(u32(lastArgument()), 0, scratch(), 1);
  return false;
}
