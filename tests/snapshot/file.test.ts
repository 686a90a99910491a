// The file of a snapshot: what is written is read again, and whatever else is read is refused.
import { createHash, createHmac } from "node:crypto";
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { isCordonError } from "../../embed/api.ts";
import { readSnapshot, type SnapshotFacts, type SnapshotReader, writeSnapshot } from "../../embed/snapshot/file.ts";
import { AUTHORITY, anyAuthority, anyGuest, ENGINE, GUEST, KEY, OTHER_KEY, TEMPLATE } from "./kit.ts";

const reader: SnapshotReader = { engine: ENGINE, mostPages: 64 };
const write = (facts: Partial<SnapshotFacts> = {}) => writeSnapshot(GUEST, AUTHORITY, { engine: ENGINE, ...facts });

/** The message of the refusal. Anything but a refusal fails the test. */
async function refusal(file: Uint8Array, options: Partial<SnapshotReader> = {}): Promise<string> {
  try {
    await readSnapshot(file, { ...reader, ...options });
  } catch (error) {
    if (isCordonError(error, "E_SNAPSHOT")) return error.message;
    throw error;
  }
  return "read";
}

const HEADER = 88;
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** The file with a right hash, as an enemy makes it. */
function rehashed(file: Uint8Array): Uint8Array {
  const body = file.subarray(0, file.length - 32);
  return Buffer.concat([body, sha256(body)]);
}

/** A file of parts that are any bytes, by the form's description and not by our writer. */
function forged(guest: Uint8Array, authority: Uint8Array = Buffer.alloc(0), claims: { guest?: number } = {}): Buffer {
  const header = Buffer.alloc(HEADER);
  Buffer.from([0x89, 0x43, 0x44, 0x53, 0x0d, 0x0a, 0x1a, 0x0a]).copy(header);
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(1, 12);
  Buffer.from(ENGINE, "hex").copy(header, 16);
  header.writeUInt32LE(claims.guest ?? guest.length, 80);
  header.writeUInt32LE(authority.length, 84);
  return Buffer.from(rehashed(Buffer.concat([header, guest, authority, Buffer.alloc(64)])));
}

const NO_GRANTS = Buffer.of(0);
const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 0x80, ...leb(Math.floor(value / 128))];
const guestOf = (...numbers: readonly number[]): Buffer => Buffer.from(numbers.flatMap(leb));
const granules = (count: number): Buffer => Buffer.alloc(count * 256, 9);

describe("a snapshot", () => {
  prop.prop([anyGuest, anyAuthority, fc.boolean(), fc.boolean()])(
    "that is read is the one that was written",
    async (guest, authority, isSealed, isDelta) => {
      const facts = { engine: ENGINE, key: isSealed ? KEY : undefined, template: isDelta ? TEMPLATE : undefined };
      const file = await writeSnapshot(guest, authority, facts);
      const read = await readSnapshot(file, { ...reader, key: facts.key, templates: [TEMPLATE] });
      expect(read.guest).toEqual(guest);
      expect(read.grants).toEqual(authority.grants);
      expect(read.authority).toEqual(isSealed ? authority : undefined);
      expect(read.template).toBe(facts.template);
    },
  );

  test("is the file that its description says, seal and hash included", async () => {
    const file = await write({ key: KEY });
    const [guest, authority] = [80, 84].map((at) => Buffer.from(file).readUInt32LE(at)) as [number, number];
    expect(file.length).toBe(HEADER + guest + authority + 64);
    const parts = [file.subarray(0, HEADER), sha256(file.subarray(HEADER, HEADER + guest))];
    const sealed = Buffer.concat([...parts, file.subarray(HEADER + guest, HEADER + guest + authority)]);
    const seal = createHmac("sha256", KEY).update(sealed).digest();
    expect(Buffer.from(file.subarray(-64, -32)).equals(seal)).toBe(true);
    expect(sha256(file.subarray(0, -32)).equals(file.subarray(-32))).toBe(true);
  });

  test("of the same content is the same bytes, chunks that touch or not", async () => {
    const [first, ...rest] = GUEST.chunks;
    const bytes = first?.bytes as Uint8Array;
    const tail = { at: 300 * 256, bytes: new Uint8Array(256).fill(2) };
    const split = [{ at: 301 * 256, bytes: tail.bytes }, tail, { at: 0, bytes }];
    expect(rest).toHaveLength(1);
    const other = await writeSnapshot({ ...GUEST, chunks: split }, AUTHORITY, { engine: ENGINE });
    expect(Buffer.from(other).equals(await write())).toBe(true);
  });

  test("that is cut off anywhere is refused, and says at which byte", async () => {
    for (const key of [undefined, KEY]) {
      const file = await write({ key });
      for (let length = 0; length < file.length; length++)
        expect(await refusal(file.slice(0, length), { key })).toMatch(/byte \d+: /);
    }
  });

  test("with any byte altered is refused, with its hash as it was and with a hash that fits, where a key seals it", async () => {
    const file = await write({ key: KEY });
    for (let at = 0; at < file.length; at++) {
      const altered = file.slice();
      altered[at] = (altered[at] as number) ^ (1 << (at & 7));
      expect(await refusal(altered, { key: KEY })).toMatch(/byte \d+: /);
      if (at < file.length - 32) expect(await refusal(rehashed(altered), { key: KEY })).toMatch(/byte \d+: /);
    }
  });

  test("with bytes left over is refused", async () => {
    expect(await refusal(Buffer.concat([await write(), Buffer.of(0)]))).toMatch(/left over/);
    expect(await refusal(Buffer.concat([await write(), Buffer.alloc(32)]))).toMatch(/left over/);
  });

  prop.prop([fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 })], { numRuns: 500 })(
    "altered by an enemy who makes the hash fit is refused or read, and nothing else",
    async (place, noise) => {
      const file = await write();
      const altered = file.slice();
      const at = HEADER + (place % (file.length - HEADER - 32 - noise.length));
      altered.set(noise, at);
      const message = await refusal(rehashed(altered));
      expect(message).toMatch(/^read$|byte \d+: /);
    },
  );

  prop.prop([fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 200 })], { numRuns: 500 })(
    "whose parts are any bytes is refused or read, and nothing else",
    async (guest, authority) => {
      expect(await refusal(forged(guest, authority))).toMatch(/^read$|byte \d+: /);
    },
  );

  test("is read from a copy: who changes the bytes meanwhile changes nothing", async () => {
    const file = await write();
    const reading = readSnapshot(file, reader);
    file.fill(0);
    expect((await reading).guest).toEqual(GUEST);
  });

  test("in shared memory is read as any other, from its copy", async () => {
    const file = await write();
    const shared = new Uint8Array(new SharedArrayBuffer(file.length));
    shared.set(file);
    expect((await readSnapshot(shared, reader)).guest).toEqual(GUEST);
  });

  test.each<[string, unknown]>([
    ["text", "snapshot"],
    ["an ArrayBuffer", new ArrayBuffer(8)],
    ["nothing", undefined],
    ["an array", [1, 2, 3]],
  ])("is bytes, and not %s", async (_what, given) => {
    await expect(readSnapshot(given as never, reader)).rejects.toMatchObject({ code: "E_OPTION" });
  });
});

describe("where a snapshot is from", () => {
  test("another engine, form, ABI or template is refused with what to do", async () => {
    const file = await write();
    expect(await refusal(file, { engine: "00".repeat(32) })).toMatch(/byte 16: .*another engine.*: use /);
    const at = (place: number): Uint8Array => rehashed(Buffer.from(file).fill(2, place, place + 1));
    expect(await refusal(at(8))).toMatch(/byte 8: version 2 .*: use /);
    expect(await refusal(at(12))).toMatch(/byte 12: version 2 .*: use /);
    const delta = await write({ template: TEMPLATE });
    expect(await refusal(delta)).toMatch(/byte 48: .*template.*: pass /);
    expect(await refusal(delta, { templates: ["00".repeat(32)] })).toMatch(/byte 48/);
    expect((await readSnapshot(delta, { ...reader, templates: [TEMPLATE] })).template).toBe(TEMPLATE);
  });

  test("a file that is no snapshot, or went through a transfer as text, is told apart from one that is damaged", async () => {
    expect(
      await refusal(Buffer.from("PNG? no, a text that is long enough to be a header of a file".repeat(4))),
    ).toMatch(/byte 0: this is no snapshot/);
    const text = Buffer.from(
      Buffer.from(await write())
        .toString("latin1")
        .replaceAll("\r\n", "\n"),
      "latin1",
    );
    expect(await refusal(text)).toMatch(/byte 0: .*changed on its way/);
    const damaged = Buffer.from(await write());
    damaged[HEADER + 20]! ^= 1;
    expect(await refusal(damaged)).toMatch(/the hash is another/);
  });
});

describe("the guest part of a hostile snapshot", () => {
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ["has more pages than the reader allows", guestOf(65, 0, 0), /more than 64/],
    ["has 2^53 pages", guestOf(2 ** 53 - 1, 0, 0), /more than 64/],
    ["has a number that never ends", Buffer.alloc(40, 0x80), /more than|cut off|longer/],
    ["has a number that is longer than it need be", Buffer.of(0x81, 0x00, 0, 0), /longer than it need be/],
    ["claims more globals than it has bytes", guestOf(1, 50_000, 0), /items where there is room/],
    ["claims more runs than it has bytes", guestOf(64, 0, 16_000), /items where there is room/],
    ["has a global of an unknown kind", Buffer.concat([guestOf(1, 1, 2), Buffer.alloc(9)]), /more than 1/],
    ["has an empty run", Buffer.concat([guestOf(1, 0, 1, 0, 0), granules(1)]), /an empty run/],
    ["has runs that touch", Buffer.concat([guestOf(1, 0, 2, 0, 1, 0, 1), granules(2)]), /two runs that touch/],
    ["has a run past the end", Buffer.concat([guestOf(1, 0, 1, 256, 1), granules(1)]), /past the end/],
    ["has a run that ends past the end", Buffer.concat([guestOf(1, 0, 1, 255, 2), granules(2)]), /past the end/],
    ["has a gap that wraps", Buffer.concat([guestOf(1, 0, 1, 2 ** 32, 1), granules(1)]), /more than 256/],
    ["has a second run past the end", Buffer.concat([guestOf(1, 0, 2, 0, 1, 255, 1), granules(2)]), /past the end/],
    ["has runs without their bytes", Buffer.concat([guestOf(1, 0, 1, 0, 2), granules(1)]), /cut off/],
    ["has bytes left over", Buffer.concat([guestOf(1, 0, 1, 0, 1), granules(1), Buffer.of(1)]), /left over/],
    ["has no pages and a run", Buffer.concat([guestOf(0, 0, 1, 0, 1), granules(1)]), /more than 0/],
    ["is empty", Buffer.alloc(0), /cut off/],
  ];
  test.each(cases)("is refused: it %s", async (_what, guest, why) => {
    const message = await refusal(forged(guest, NO_GRANTS));
    expect(message).toMatch(why);
    const at = Number(/byte (\d+): /.exec(message)?.[1]);
    expect(at).toBeGreaterThanOrEqual(HEADER);
    expect(at).toBeLessThanOrEqual(HEADER + guest.length);
  });

  test("is read when nothing is wrong with it: the cases above fail for their one reason", async () => {
    const guest = Buffer.concat([guestOf(1, 0, 2, 0, 1, 254, 1), granules(2)]);
    const read = await readSnapshot(forged(guest, NO_GRANTS), reader);
    expect(read.guest.chunks.map(({ at }) => at)).toEqual([0, 255 * 256]);
    const page = Buffer.concat([guestOf(1, 0, 1, 0, 256), granules(256)]);
    expect((await readSnapshot(forged(page, NO_GRANTS), reader)).guest.chunks[0]?.bytes).toHaveLength(65_536);
  });

  test("whose size is a lie costs no memory: 4 GiB are claimed, and the file is not even copied", async () => {
    const claimed = forged(Buffer.alloc(10), NO_GRANTS, { guest: 0xffff_ffff });
    expect(await refusal(claimed)).toMatch(/byte 80: .*more than 64 pages allow/);
    expect(await refusal(claimed, { mostPages: 65_536 })).toMatch(/cut off/);
    const large = new Uint8Array(64 * 2 ** 20);
    large.set((await write()).subarray(0, HEADER));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20; i++) expect(await refusal(large)).toMatch(/left over/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
});

describe("the authority part of a snapshot", () => {
  test("is not read without the embedder's key, but for the names", async () => {
    const read = await readSnapshot(await write({ key: KEY }), reader);
    expect(read.authority).toBeUndefined();
    expect(read.grants).toEqual(AUTHORITY.grants);
  });

  test("of no key, or of another, is refused where the reader has one", async () => {
    expect(await refusal(await write(), { key: KEY })).toMatch(/no key has sealed it: pass /);
    expect(await refusal(await write({ key: OTHER_KEY }), { key: KEY })).toMatch(/another key .* forged: pass /);
  });

  test("of one file does not fit another guest part, engine or template, although both were sealed by the key", async () => {
    const one = await write({ key: KEY });
    const guest = { ...GUEST, globals: [65_537, -5n] };
    const other = await writeSnapshot(guest, { ...AUTHORITY, nextToken: 301 }, { engine: ENGINE, key: KEY });
    expect(other.length).toBe(one.length);
    const end = one.length - 64;
    const from = end - Buffer.from(one).readUInt32LE(84);
    const spliced = Buffer.concat([one.subarray(0, from), other.subarray(from)]);
    expect(await refusal(rehashed(spliced), { key: KEY })).toMatch(/forged/);
    const engine = Buffer.from(one).fill(0xaa, 16, 48);
    expect(await refusal(rehashed(engine), { key: KEY, engine: "aa".repeat(32) })).toMatch(/forged/);
    const template = Buffer.from(one).fill(0x7e, 48, 80);
    expect(await refusal(rehashed(template), { key: KEY, templates: [TEMPLATE] })).toMatch(/forged/);
  });

  test("that has a name twice is refused, sealed or not", async () => {
    const [grant] = AUTHORITY.grants as [(typeof AUTHORITY.grants)[0]];
    const twice = { ...AUTHORITY, grants: [grant, { ...grant, contract: "ef".repeat(32) }] };
    for (const key of [undefined, KEY])
      expect(await refusal(await writeSnapshot(GUEST, twice, { engine: ENGINE, key }), { key })).toMatch(
        /"files" a second time/,
      );
  });

  test.each<[string, Partial<typeof AUTHORITY>, RegExp]>([
    ["a negative limit", { limits: new Map([["fuel", -1]]) }, /less than nothing/],
    ["a limit that is no number", { limits: new Map([["fuel", Number.NaN]]) }, /less than nothing/],
    ["a clock that is no number", { clock: Number.NaN }, /a time that is no number/],
    ["a generation beyond 32 bits", { generations: [2 ** 32] }, /more than 4294967295/],
    ["a name without end", { grants: [{ name: "x".repeat(5_000), contract: ENGINE }] }, /more than 4096/],
  ])("sealed by the key and with %s is refused", async (_what, change, why) => {
    const file = await writeSnapshot(GUEST, { ...AUTHORITY, ...change }, { engine: ENGINE, key: KEY });
    expect(await refusal(file, { key: KEY })).toMatch(why);
  });

  prop.prop([fc.uint8Array({ maxLength: 300 })], { numRuns: 500 })(
    "sealed by the key and of any bytes is refused or read, and nothing else",
    async (authority) => {
      const guest = guestOf(1, 0, 0);
      const file = forged(guest, authority);
      const sealed = Buffer.concat([file.subarray(0, HEADER), sha256(guest), authority]);
      createHmac("sha256", KEY)
        .update(sealed)
        .digest()
        .copy(file, file.length - 64);
      expect(await refusal(rehashed(file), { key: KEY })).toMatch(/^read$|byte \d+: /);
    },
  );

  test.each<[string, unknown]>([
    ["text", "a secret that is long enough"],
    ["15 bytes", new Uint8Array(15)],
    ["no bytes", new Uint8Array(0)],
    ["null", null],
  ])("has a key of 16 bytes or more, and not %s", async (_what, key) => {
    await expect(write({ key: key as never })).rejects.toMatchObject({ code: "E_OPTION" });
    await expect(readSnapshot(await write(), { ...reader, key: key as never })).rejects.toMatchObject({
      code: "E_OPTION",
    });
  });
});
