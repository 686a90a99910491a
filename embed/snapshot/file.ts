// A snapshot as a file.
//
//   0    8   magic
//   8    4   version of this form        12   4   version of the ABI between engine and kernel
//   16   32  fingerprint of the engine   48   32  of the template that the guest part is a delta of; zeroes: of none
//   80   4   length of the guest part    84   4   of the authority part
//   88       guest part, authority part
//        32  seal: HMAC-SHA-256 by the embedder's key over the header, the guest part's SHA-256 and the authority part;
//            zeroes: none
//        32  SHA-256 of everything before
//
// Invariants
//   E1  What is read is a copy: the caller cannot change it between a check and a use. The copy is made only of a file
//       whose size fits its header and the limits.
//   E2  Nothing is believed before the hash over all of it was right; that is against accidents, not against enemies:
//       everything after it is checked as if it came from one.
//   E3  With a key, a file without this key's seal is refused. Without one, only names come out of the authority part.
//   E4  The seal covers both parts: an authority part belongs to one guest part, one engine and one template.
// Not promised: that a snapshot is the newest. Who can choose among old files of one key can choose the past.
import { MAX_VALUE_BYTES } from "../../kernel/index.ts";
import { ABI_VERSION } from "../../stdlib/abi.ts";
import { CordonError } from "../errors.ts";
import { bytesOf } from "../kinds.ts";
import { isBytes, show } from "../plain.ts";
import { type AuthorityPart, type GrantedName, putAuthority, takeAuthority, takeGrants } from "./authority.ts";
import { concat, type Fail, type Input, type Output, viewOf } from "./bytes.ts";
import { type GuestPart, mostGuestBytes, putGuest, takeGuest } from "./guest.ts";
import { bytesOfHex, FINGERPRINT_BYTES, hexOf, isEqual, isSealed, seal, sha256 } from "./hash.ts";

/** As in PNG: what a transfer as text, or without the eighth bit, spoils first. */
const MAGIC = Uint8Array.of(0x89, 0x43, 0x44, 0x53, 0x0d, 0x0a, 0x1a, 0x0a);
const FORMAT = 1;
const HEADER = 88; // bytes
const TRAILER = 2 * FINGERPRINT_BYTES;
const NONE = new Uint8Array(FINGERPRINT_BYTES);
const MAX_AUTHORITY = MAX_VALUE_BYTES * 2; // bytes

/** Of what, and who vouches for it. Fingerprints are those of `fingerprintOf`. */
export interface SnapshotFacts {
  readonly engine: string;
  /** What the guest part is a delta of. None: of the engine's own memory at birth. */
  readonly template?: string | undefined;
  /** Secret bytes of the embedder. */
  readonly key?: Uint8Array | undefined;
}

/** What the reader has: its engine, the templates it knows, the pages it allows, its key. */
export interface SnapshotReader {
  readonly engine: string;
  readonly templates?: readonly string[] | undefined;
  readonly mostPages: number;
  readonly key?: Uint8Array | undefined;
}

export interface ReadSnapshot {
  readonly guest: GuestPart;
  readonly template: string | undefined;
  readonly grants: readonly GrantedName[];
  /** Only of a file with the seal of the reader's key. */
  readonly authority: AuthorityPart | undefined;
}

const fail: Fail = (at, why) => {
  throw new CordonError("E_SNAPSHOT", `the snapshot cannot be read: byte ${at}: ${why}`);
};

function headerOf(facts: SnapshotFacts, guest: Uint8Array, authority: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER);
  const view = viewOf(header);
  header.set(MAGIC);
  view.setUint32(8, FORMAT, true);
  view.setUint32(12, ABI_VERSION, true);
  header.set(bytesOfHex(facts.engine), 16);
  if (facts.template !== undefined) header.set(bytesOfHex(facts.template), 48);
  view.setUint32(80, guest.length, true);
  view.setUint32(84, authority.length, true);
  return header;
}

const part = (put: (output: Output) => void): Uint8Array => {
  const output: Output = [];
  put(output);
  return concat(output);
};

const sealedBytes = async (header: Uint8Array, guest: Uint8Array, authority: Uint8Array) =>
  concat([header, await sha256(guest), authority]);

/** The file. Throws CordonError E_OPTION for a bad key. */
export async function writeSnapshot(
  guestPart: GuestPart,
  authorityPart: AuthorityPart,
  facts: SnapshotFacts,
): Promise<Uint8Array<ArrayBuffer>> {
  const guest = part((output) => putGuest(output, guestPart));
  const authority = part((output) => putAuthority(output, authorityPart));
  if (guest.length > 0xffff_ffff || authority.length > MAX_AUTHORITY)
    throw new CordonError("E_SNAPSHOT", "the sandbox is too large for a snapshot: 4 GiB is the most");
  const header = headerOf(facts, guest, authority);
  const sealed = facts.key === undefined ? NONE : await seal(facts.key, await sealedBytes(header, guest, authority));
  const body = concat([header, guest, authority, sealed]);
  return concat([body, await sha256(body)]);
}

/** E1: its size is what the header says and what the reader allows. Nothing is allocated before. */
function checkSize(bytes: Uint8Array, mostPages: number): readonly [guest: number, authority: number] {
  if (!isEqual(bytes.subarray(0, 8), MAGIC)) fail(0, "this is no snapshot, or one that was changed on its way");
  if (bytes.length < HEADER + TRAILER) fail(bytes.length, "cut off inside the header");
  const view = viewOf(bytes);
  const [guest, authority] = [view.getUint32(80, true), view.getUint32(84, true)];
  if (guest > mostGuestBytes(mostPages))
    fail(80, `a guest part of ${guest} bytes: more than ${mostPages} pages allow (raise limits.memory)`);
  if (authority > MAX_AUTHORITY) fail(84, `an authority part of ${authority} bytes`);
  const whole = HEADER + guest + authority + TRAILER;
  if (bytes.length < whole) fail(bytes.length, `cut off: ${whole} bytes should be there`);
  if (bytes.length > whole) fail(whole, "bytes left over");
  return [guest, authority];
}

function checkVersion(view: DataView): void {
  const [format, abi] = [view.getUint32(8, true), view.getUint32(12, true)];
  if (format !== FORMAT) fail(8, `version ${format} of the form, this Cordon reads ${FORMAT}: use the Cordon it is of`);
  if (abi !== ABI_VERSION)
    fail(12, `version ${abi} of the ABI, this Cordon has ${ABI_VERSION}: use the Cordon it is of`);
}

async function checkHash(file: Uint8Array): Promise<void> {
  const at = file.length - FINGERPRINT_BYTES;
  if (!isEqual(await sha256(file.subarray(0, at)), file.subarray(at)))
    fail(at, "the hash is another: the file was changed or damaged, take another copy");
}

function checkOrigin(file: Uint8Array, { engine, templates = [] }: SnapshotReader): string | undefined {
  if (hexOf(file.subarray(16, 48)) !== engine)
    fail(16, "it is of another engine: use the Cordon that it was made with");
  const template = file.subarray(48, 80);
  if (isEqual(template, NONE)) return undefined;
  const name = hexOf(template);
  return templates.includes(name) ? name : fail(48, "it is a delta of a template that is not here: pass that template");
}

/** E3, E4. */
async function checkSeal(file: Uint8Array, guest: Uint8Array, authority: Uint8Array, key: unknown): Promise<void> {
  const at = file.length - TRAILER;
  const sealed = file.slice(at, at + FINGERPRINT_BYTES);
  const bytes = await sealedBytes(file.subarray(0, HEADER), guest, authority);
  if (await isSealed(key, sealed, bytes)) return;
  const why = isEqual(sealed, NONE) ? "no key has sealed it" : "another key has sealed it, or it was forged";
  fail(at, `${why}: pass the key that it was taken with, or none to rebuild its authority from your grants`);
}

/** Everything in the bytes is taken, or the file is refused. */
function whole<T>(bytes: Uint8Array, at: number, end: number, take: (input: Input) => T): T {
  const input: Input = { bytes, at, end, fail };
  const taken = take(input);
  return input.at === end ? taken : fail(input.at, "bytes left over in a part");
}

function copyOf(given: unknown, mostPages: number): readonly [Uint8Array<ArrayBuffer>, number, number] {
  if (!isBytes(given))
    throw new CordonError("E_OPTION", `a snapshot is ${show(given)}: pass the bytes it was taken as`);
  const bytes = bytesOf(given);
  checkSize(bytes, mostPages);
  const copy = bytes.slice() as Uint8Array<ArrayBuffer>;
  // Once more: shared memory may have changed meanwhile.
  return [copy, ...checkSize(copy, mostPages)];
}

/** Reads a file of anybody. Throws CordonError E_SNAPSHOT that says what is wrong, at which byte, and what to do. */
export async function readSnapshot(given: Uint8Array, reader: SnapshotReader): Promise<ReadSnapshot> {
  const [file, guestLength, authorityLength] = copyOf(given, reader.mostPages);
  checkVersion(viewOf(file));
  await checkHash(file);
  const template = checkOrigin(file, reader);
  const [middle, end] = [HEADER + guestLength, HEADER + guestLength + authorityLength];
  const guest = whole(file, HEADER, middle, (input) => takeGuest(input, reader.mostPages));
  if (reader.key === undefined) {
    const grants = takeGrants({ bytes: file, at: middle, end, fail });
    return { guest, template, grants, authority: undefined };
  }
  await checkSeal(file, file.subarray(HEADER, middle), file.subarray(middle, end), reader.key);
  const authority = whole(file, middle, end, takeAuthority);
  return { guest, template, grants: authority.grants, authority };
}
