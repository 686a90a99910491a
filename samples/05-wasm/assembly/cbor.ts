// As much CBOR (RFC 8949) as this program needs, written into one buffer.

const SIZE: i32 = 65_536;
const buffer: usize = memory.data(65_536);
let at: i32 = 0;

export function start(): void {
  at = 0;
}

function head(major: u8, length: i32): void {
  const place = buffer + <usize>at;
  if (length < 24) {
    store<u8>(place, (major << 5) | <u8>length);
    at += 1;
  } else if (length < 256) {
    store<u8>(place, (major << 5) | 24);
    store<u8>(place + 1, <u8>length);
    at += 2;
  } else {
    store<u8>(place, (major << 5) | 25);
    store<u8>(place + 1, <u8>(length >> 8));
    store<u8>(place + 2, <u8>length);
    at += 3;
  }
}

/** An array of `count` items, which follow. */
export function array(count: i32): void {
  head(4, count);
}

/** Text, given as UTF-8. */
export function text(from: usize, length: i32): void {
  head(3, length);
  memory.copy(buffer + <usize>at, from, <usize>length);
  at += length;
}

export function address(): usize {
  return buffer;
}

export function length(): i32 {
  return at;
}

export function capacity(): i32 {
  return SIZE;
}

/** The length of the text at `place`, and where it begins by way of `textStart`. -1: no text. */
export let textStart: usize = 0;
export function textLength(place: usize): i32 {
  const first = load<u8>(place);
  if (first >> 5 != 3) return -1;
  const info = first & 31;
  if (info < 24) {
    textStart = place + 1;
    return info;
  }
  let length = 0;
  const bytes = 1 << (info - 24);
  for (let i = 0; i < bytes; i++) length = (length << 8) | load<u8>(place + 1 + i);
  textStart = place + 1 + bytes;
  return length;
}
