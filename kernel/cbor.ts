// The values that cross a gate: CBOR (RFC 8949), definite lengths only, the tags of stdlib/abi.ts and no others.
//
// Checks bytes and builds none of the host's objects; what the values mean to a host is embed/values.ts.
//
// Invariants
//   C1  Time and memory are linear in the bytes; the walk does not recurse.
//   C2  What is accepted has at most MAX_VALUE_NODES items when every shared item and every hole is counted each time
//       it appears, so that no reader that walks it as a tree does unbounded work. A cycle counts once. BYTES_PER_ITEM
//       bytes of a string count as an item: a long one that is shared often is a bomb as well.
//   C3  Handles are counted: whether one may stand where it does is for shape.ts to say.
// Trust
//   Trusted by contract.ts, shape.ts and gate.ts. Not promised: that text is valid UTF-8, that keys differ.
import { MAX_BIGINT_BYTES, MAX_VALUE_DEPTH, MAX_VALUE_NODES } from "./limits.ts";

/** Why a value is refused, and at which byte. */
export type BadValue = { readonly why: string; readonly at: number };

// Major types (RFC 8949 3.1).
export const [UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** Every major type. So many bytes of a string weigh as much as an item: the longest alone uses half of what is allowed. */
const [ANY, BYTES_PER_ITEM] = [0xff, 32];
const only = (...majors: (number | undefined)[]): number => majors.reduce<number>((set, m) => set | (1 << (m ?? 0)), 0);

// What a level of nesting demands of its items.
const LEVEL = { plain: 0, record: 1, sparse: 2, error: 3, regexp: 4 } as const;

/** `holds`: major types that may follow. A byte string's length is a multiple of `width`. */
type TagRule = { readonly holds: number; readonly width: number; readonly level: number };
const tagRule = (holds: number, width = 1, level: number = LEVEL.plain): TagRule => ({ holds, width, level });

const ANYTHING = tagRule(ANY);
const [TEXT_ONLY, NUMBER_ONLY, RECORD_ONLY] = [tagRule(only(TEXT)), tagRule(only(UINT)), tagRule(only(MAP))] as const;

export const [SHARED, REFERENCE, NO_TAG] = [28, 29, -1] as const;
/** Tags that contracts ask for. */
export const TAGGED = { WTF8: 273, DATE: 0x434f01, HANDLE: 0x434f04, OFFER: 0x434f05 } as const;
const { WTF8, DATE, HANDLE, OFFER } = TAGGED;
const bytesOf = (width: number): TagRule => tagRule(only(BYTES), width);
// biome-ignore format: a table
const TAGS: ReadonlyMap<number, TagRule> = new Map([
  [2, bytesOf(1)], [3, bytesOf(1)],                                     // bigint
  [27, tagRule(only(ARRAY), 1, LEVEL.error)],                           // error
  [SHARED, tagRule(ANY)], [REFERENCE, tagRule(only(UINT))],
  [68, bytesOf(1)], [69, bytesOf(2)], [70, bytesOf(4)], [71, bytesOf(8)], // typed arrays, RFC 8746
  [72, bytesOf(1)], [77, bytesOf(2)], [78, bytesOf(4)], [79, bytesOf(8)],
  [85, bytesOf(4)], [86, bytesOf(8)],
  [258, tagRule(only(ARRAY))], [259, tagRule(only(MAP))],               // Set, Map
  [WTF8, bytesOf(1)],
  [21066, tagRule(only(ARRAY), 1, LEVEL.regexp)],
  [DATE, tagRule(only(UINT, NEGATIVE, SIMPLE))],
  [HANDLE, NUMBER_ONLY], [OFFER, NUMBER_ONLY],
  [0x434f02, tagRule(only(ARRAY), 1, LEVEL.sparse)],
  [0x434f03, bytesOf(1)],                                               // ArrayBuffer
]);

const control = (): Int32Array => new Int32Array(MAX_VALUE_DEPTH + 1);

/**
 * The walk. One set of scratch arrays serves all values: a walk never meets another. `argument`: what the last head said,
 * a number or a length. `tag`, `share`: the innermost tag of the item, and which shared item it is; -1: none.
 * `began`, `shares`: items seen when a level began, and which shared item it is. `span`: a sparse array's length.
 * `sizes`: expanded sizes of shared items, 0 while one is still open, that is for a cycle; `places`: where they begin.
 */
const walk = {
  ...{ bytes: new Uint8Array(0) as Uint8Array, at: 0, end: 0, depth: 0, argument: 0, tag: -1, share: -1, why: "" },
  ...{ nodes: 0, handles: 0, left: control(), level: new Uint8Array(MAX_VALUE_DEPTH + 1), position: control() },
  ...{ shares: control(), began: new Float64Array(MAX_VALUE_DEPTH + 1), span: new Float64Array(MAX_VALUE_DEPTH + 1) },
  ...{ sizes: [] as number[], places: [] as number[] },
};

const fail = (why: string): false => {
  walk.why = why;
  return false;
};

/** Reads the argument of a head (RFC 8949 3). False: not one of ours. */
function readArgument(info: number): boolean {
  if (info < 24) {
    walk.argument = info;
    return true;
  }
  if (info > 27) return fail("an indefinite length");
  let value = 0;
  const stop = walk.at + (1 << (info - 24));
  if (stop > walk.end) return fail("cut off");
  while (walk.at < stop) value = value * 256 + (walk.bytes[walk.at++] as number);
  walk.argument = value;
  return value <= Number.MAX_SAFE_INTEGER || fail("a number beyond 2^53");
}

function readString(width: number): boolean {
  const length = walk.argument;
  const isBigint = walk.tag === 2 || walk.tag === 3;
  if (length > walk.end - walk.at) return fail("cut off");
  if (length % width !== 0) return fail("a typed array cut in an element");
  if (isBigint && length > MAX_BIGINT_BYTES) return fail("a bigint of more than 4 KiB");
  walk.at += length;
  const items = Math.trunc(length / BYTES_PER_ITEM);
  walk.nodes += items;
  if (walk.share >= 0) walk.sizes[walk.share] = items + 1;
  return true;
}

function open(count: number, level: number): boolean {
  if (count > walk.end - walk.at) return fail("cut off");
  if (++walk.depth > MAX_VALUE_DEPTH) return fail("nested too deep");
  walk.left[walk.depth] = count;
  walk.level[walk.depth] = level;
  walk.position[walk.depth] = 0;
  walk.began[walk.depth] = walk.nodes - 1;
  walk.shares[walk.depth] = walk.share;
  return true;
}

function readSimple(info: number): boolean {
  if (info >= 20 && info <= 23) return true;
  if (info !== 27) return fail("a float of another size, or an unknown simple value");
  walk.at += 8;
  return walk.at <= walk.end || fail("cut off");
}

function readReference(): boolean {
  const size = walk.sizes[walk.argument];
  if (size === undefined) return fail("a reference to nothing");
  walk.nodes += size;
  return true;
}

/** A tag, and what it demands of what it stands before. */
function readTag(place: TagRule): TagRule | undefined {
  if (!readArgument((walk.bytes[walk.at++] as number) & 31)) return undefined;
  const tag = walk.argument;
  const rule = TAGS.get(tag);
  // A value marked twice would have a number whose size is never known.
  const misplaced = walk.tag !== NO_TAG && (walk.tag !== SHARED || tag === SHARED);
  const isString = tag === WTF8 && place === TEXT_ONLY;
  if (rule === undefined || misplaced || (place.holds !== ANY && !isString))
    return void fail("a tag that is unknown or out of place");
  walk.tag = tag;
  if (tag === HANDLE || tag === OFFER) walk.handles++;
  if (tag === SHARED) {
    walk.share = walk.sizes.push(0) - 1;
    walk.places[walk.share] = walk.at;
  }
  return rule;
}

/** One item without its contents, tags included. */
function readItem(allowed: TagRule): boolean {
  let place = allowed;
  walk.tag = NO_TAG;
  walk.share = -1;
  while (walk.at < walk.end && (walk.bytes[walk.at] as number) >> 5 === TAG) {
    const rule = readTag(place);
    if (rule === undefined) return false;
    place = rule;
  }
  return readUntagged(place);
}

function readUntagged(place: TagRule): boolean {
  if (walk.at >= walk.end) return fail("cut off");
  const head = walk.bytes[walk.at++] as number;
  const major = head >> 5;
  if (((place.holds >> major) & 1) === 0) return fail("not what its place demands");
  if (major === SIMPLE) return readSimple(head & 31);
  if (!readArgument(head & 31)) return false;
  if (major < BYTES) return walk.tag === REFERENCE ? readReference() : true;
  if (major < ARRAY) return readString(place.width);
  return major === ARRAY
    ? openArray(place.level)
    : open(walk.argument * 2, walk.tag === 259 ? LEVEL.plain : LEVEL.record);
}

function openArray(level: number): boolean {
  const count = walk.argument;
  if ((level === LEVEL.error || level === LEVEL.regexp) && count !== 2)
    return fail("an error or expression of two parts");
  if (level === LEVEL.sparse && count % 2 !== 1) return fail("a sparse array without its length");
  return open(count, level);
}

/** By level: what items at even places must be, and those at odd ones. */
// biome-ignore format: a table
const PLACES = [
  [ANYTHING, ANYTHING], [TEXT_ONLY, ANYTHING], [ANYTHING, NUMBER_ONLY], [TEXT_ONLY, RECORD_ONLY], [TEXT_ONLY, TEXT_ONLY],
] as const;

/** What the next item of the innermost level must be. A sparse array begins with its length. */
function placeHere(): TagRule {
  const [level, position] = [walk.level[walk.depth] as number, walk.position[walk.depth] as number];
  if (level === LEVEL.sparse && position === 0) return NUMBER_ONLY;
  return (PLACES[level] ?? PLACES[0])[position % 2] as TagRule;
}

/** Sparse arrays: the length counts as that many items, and every index lies below it. */
function checkSparse(depth: number): boolean {
  if (walk.position[depth] !== 0) return walk.argument < (walk.span[depth] as number) || fail("an index past the end");
  walk.nodes += walk.argument;
  walk.span[depth] = walk.argument;
  return true;
}

function closeLevels(): void {
  while (walk.depth > 0 && walk.left[walk.depth] === 0) {
    const share = walk.shares[walk.depth] as number;
    if (share >= 0) walk.sizes[share] = walk.nodes - (walk.began[walk.depth] as number);
    walk.depth--;
  }
}

/** Bytes of an item that its first byte says all about: small numbers, short strings, doubles. 0: read it slowly. */
const SMALL = Uint8Array.from({ length: 256 }, (_, head) => smallSize(head >> 5, head & 31));

/** The head of text whose length is the next byte. */
const LONGER_TEXT = 0x78;
/** The size of the item that begins here if it is small, or text of up to 255 bytes; else 0, or no number. */
export const sizeAt = (bytes: Uint8Array, at: number): number =>
  bytes[at] === LONGER_TEXT ? 2 + (bytes[at + 1] as number) : (SMALL[bytes[at] as number] as number);
/** What a string of this size weighs as items, beyond the one that it is. */
const weightOf = (size: number): number => ((size - 2) / BYTES_PER_ITEM) | 0;

function smallSize(major: number, info: number): number {
  if (major < BYTES) return info < 24 ? 1 : ([2, 3, 5][info - 24] ?? 0);
  if (major < ARRAY) return info < 24 ? 1 + info : 0;
  if (major !== SIMPLE) return 0;
  return info === 27 ? 9 : Number(info >= 20 && info <= 23);
}

/** Reads on as long as items of the innermost level are small and untagged: most of them, at a look at a table each. */
function readSmall(depth: number): void {
  const { bytes, end } = walk;
  const isRecord = walk.level[depth] === LEVEL.record;
  let left = walk.left[depth] as number;
  let { at } = walk;
  for (; left > 0; left--) {
    const size = sizeAt(bytes, at);
    // Behind the last byte there is no size, and the sum is NaN: that must not pass.
    // A record has an even number of items: an even number left means that a key comes.
    if (size === 0 || !(at + size <= end) || (isRecord && left % 2 === 0 && (bytes[at] as number) >> 5 !== TEXT)) break;
    walk.nodes += weightOf(size);
    at += size;
  }
  const read = (walk.left[depth] as number) - left;
  walk.nodes += read;
  walk.position[depth] = (walk.position[depth] as number) + read;
  walk.left[depth] = left;
  walk.at = at;
}

/** One item of the innermost level, or the outermost. */
function readNext(depth: number): boolean {
  const place = depth === 0 ? ANYTHING : placeHere();
  if (++walk.nodes > MAX_VALUE_NODES) return fail("too many items");
  if (!readItem(place)) return false;
  if (depth === 0) return true;
  if (walk.level[depth] === LEVEL.sparse && place === NUMBER_ONLY && !checkSparse(depth)) return false;
  walk.left[depth] = (walk.left[depth] as number) - 1;
  walk.position[depth] = (walk.position[depth] as number) + 1;
  return true;
}

function readAll(): boolean {
  do {
    if (!readNext(walk.depth)) return false;
    if (walk.depth > 0 && (walk.level[walk.depth] as number) <= LEVEL.record) readSmall(walk.depth);
    closeLevels();
  } while (walk.depth > 0);
  return walk.nodes <= MAX_VALUE_NODES || fail("too many items");
}

/** Items, if it is one small item, or a short list of such, as most results and arguments are. 0: it must be walked. */
function countSmall(bytes: Uint8Array, length: number): number {
  const first = bytes[0] as number;
  const isList = first >> 5 === ARRAY && first < 0x98;
  let [at, items] = isList ? [1, 1] : [0, 0];
  for (let left = isList ? first & 31 : 1; left > 0; left--) {
    const size = at < length ? sizeAt(bytes, at) : 0;
    if (size === 0) return 0;
    items += 1 + weightOf(size);
    at += size;
  }
  return at === length ? items : 0;
}

/** Checks that [0, length) is one value. Returns how many items it has when expanded, or what is wrong. */
export function checkValue(bytes: Uint8Array, length: number): number | BadValue {
  walk.bytes = bytes;
  walk.end = length;
  const small = countSmall(bytes, length);
  walk.at = walk.depth = walk.nodes = walk.handles = 0;
  if (small > 0) return small;
  if (walk.sizes.length > 0) walk.sizes.length = 0;
  if (!readAll()) return { why: walk.why, at: walk.at };
  return walk.at === length ? walk.nodes : { why: "more than one value", at: walk.at };
}

/** How many handles the value has that was checked last, and where its shared items begin. */
export const handlesSeen = (): number => walk.handles;
export const placeOfShared = (index: number): number => walk.places[index] as number;

/** Writes a head behind what is there. */
function putHead(to: number[], major: number, argument: number): number[] {
  const first = major << 5;
  if (argument < 24) to.push(first | argument);
  else if (argument < 0x100) to.push(first | 24, argument);
  else if (argument < 0x1_0000) to.push(first | 25, argument >> 8, argument & 0xff);
  else to.push(first | 26, argument >>> 24, (argument >>> 16) & 0xff, (argument >>> 8) & 0xff, argument & 0xff);
  return to;
}

/** Text of ASCII letters only: what the kernel itself says. */
function ascii(text: string): number[] {
  const bytes = putHead([], 3, text.length);
  for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i) & 0x7f);
  return bytes;
}

const ERROR_HEAD = putHead([...putHead(putHead([], 6, 27), 4, 2), ...ascii("Error")], 5, 3);

/** An error value with a stable code. */
export const errorValue = (code: string, message: string): Uint8Array =>
  Uint8Array.from([...ERROR_HEAD, ...["name", "Error", "message", message, "code", code].flatMap(ascii)]);

/** A message of stdlib/abi.ts: [kind, number, ..., what is encoded already, value]. */
function message(items: number, numbers: number[], encoded: number[] = [], value: ArrayLike<number> = []): Uint8Array {
  const prefix = [0x80 | items];
  for (const number of numbers) putHead(prefix, 0, number);
  for (const byte of encoded) prefix.push(byte);
  const whole = new Uint8Array(prefix.length + value.length);
  for (let i = 0; i < prefix.length; i++) whole[i] = prefix[i] as number;
  whole.set(value, prefix.length);
  return whole;
}

/** [0, token, ok, value]: a pending call has ended; or, with null, takes longer than whoever is parked for it shall wait. */
export const completionMessage = (token: number, ok: boolean | null, value: Uint8Array): Uint8Array =>
  message(4, [0, token], [ok === null ? 0xf6 : ok ? 0xf5 : 0xf4], value);
/** [1, token, method, value]: somebody calls the domain. */
export const requestMessage = (token: number, method: number, value: Uint8Array): Uint8Array =>
  message(4, [1, token, method], [], value);
/** [2, token, object, call, arguments]: somebody calls an object that the domain offers. */
export const invokeMessage = (token: number, object: number, call: string, value: Uint8Array): Uint8Array =>
  message(5, [2, token, object], ascii(call), value);
/** [3, object, times]: nobody holds this object any more, of all the times that it was sent. */
export const forgetMessage = (object: number, times: number): Uint8Array => message(3, [3, object, times]);
/** [4, incarnation]: this domain is a copy of another. */
export const forkedMessage = (incarnation: number): Uint8Array => message(2, [4, incarnation]);

/** [[call, mode], ...]: what the guest wants to know of a contract. */
export const description = (calls: readonly { readonly name: string; readonly mode: string }[]): Uint8Array =>
  Uint8Array.from(
    [putHead([], 4, calls.length), calls.map(({ name, mode }) => [0x82, ...ascii(name), ...ascii(mode)])].flat(2),
  );
