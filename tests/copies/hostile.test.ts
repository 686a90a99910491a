// Snapshots that somebody made, or changed, to do harm: they are refused, or harm the sandbox that is made of them.
import { fc, test as prop } from "@fast-check/vitest";
import { beforeAll, describe, expect, test } from "vitest";
import type { Result, Sandbox } from "../../embed/node/index.ts";
import type { AuthorityPart } from "../../embed/snapshot/authority.ts";
import { readSnapshot, writeSnapshot } from "../../embed/snapshot/file.ts";
import { GRANULE } from "../../embed/snapshot/granules.ts";
import type { GuestPart } from "../../embed/snapshot/guest.ts";
import { fingerprintOf } from "../../embed/snapshot/hash.ts";
import { policy } from "../../policy-libs/index.ts";
import { createSandbox, engineBytes, gave } from "../embed/cordon.ts";
import { KEY } from "./kit.ts";

const LIMITS = { memory: "16 MiB", fuel: 50_000_000, wall: 5_000 } as const;
const called: unknown[] = [];
const grant = {
  tools: {
    add(a: number, b: number) {
      called.push([a, b]);
      return a + b;
    },
  },
};
const options = { grant, limits: LIMITS };
const refused = { name: "CordonError", code: "E_SNAPSHOT" };

let [bytes, sealed]: Uint8Array[] = [];
let engine = "";
let guest: GuestPart;
let authority: AuthorityPart;
beforeAll(async () => {
  const box = await createSandbox(options);
  gave(
    await box.run(
      "globalThis.list = Array.from({ length: 200 }, (_, i) => ({ i })); setTimeout(() => list.push(1), 9); 0",
    ),
  );
  [bytes, sealed] = [await box.snapshot(), await box.snapshot({ key: KEY })];
  engine = await fingerprintOf(engineBytes());
  const read = await readSnapshot(sealed, { engine, mostPages: 256, key: KEY });
  guest = read.guest;
  authority = read.authority as AuthorityPart;
});

const load = (from: unknown, key?: Uint8Array): Promise<Sandbox> =>
  createSandbox({ ...options, from: from as Uint8Array, key });

/** What it may come to, and that others are as they were. */
async function survives(from: Uint8Array): Promise<string> {
  let box: Sandbox;
  try {
    box = await load(from);
  } catch (error) {
    expect(error).toMatchObject({ name: "CordonError" });
    return "refused";
  }
  const results: Result[] = [];
  for (const source of [
    "tools.add(1, 2)",
    "list.map(({ i }) => i).join() + Math.random()",
    "await new Promise((go) => setTimeout(go, 1))",
  ])
    results.push(await box.run(source));
  for (const { status, usage } of results) {
    expect(["returned", "threw", "refused", "exhausted", "trapped", "aborted"]).toContain(status);
    expect(usage.fuel).toBeLessThanOrEqual(LIMITS.fuel * 1.01 + 1e6);
    expect(usage.memory).toBeLessThanOrEqual(16 * 2 ** 20);
  }
  // Whatever it asks for, it asks by the gate: what comes is two numbers or whatever else can cross, and nothing of ours.
  for (const args of called.splice(0)) expect(() => structuredClone(args)).not.toThrow();
  box.dispose();
  return results.map(({ status }) => status).join();
}

async function neighbourIsWell(): Promise<void> {
  const box = await createSandbox(options);
  expect(gave(await box.run("tools.add(2, 3) + 1"))).toBe(6);
  box.dispose();
}

describe("what is no snapshot", () => {
  test.each([
    [null],
    [0],
    ["CDS"],
    [{}],
    [[]],
    [new ArrayBuffer(200)],
    [new Uint8Array(0)],
    [new Uint8Array(1)],
    [new Uint8Array(400)],
    [new Uint16Array(200)],
    [new Proxy(new Uint8Array(200), {})],
    [() => 1],
  ])("is refused: %o", async (from) => {
    await expect(load(from)).rejects.toMatchObject({
      name: "CordonError",
      code: expect.stringMatching(/^E_(SNAPSHOT|OPTION)$/) as string,
    });
  });

  prop.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })], { numRuns: 60 })(
    "cut off anywhere, it is refused",
    async (part) => {
      await expect(load(bytes?.slice(0, Math.floor(part * (bytes?.length ?? 0))))).rejects.toMatchObject(refused);
    },
  );

  prop.prop(
    [fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 255 }), fc.boolean()],
    { numRuns: 80 },
  )("altered in any byte, it is refused, with a key and without", async (part, by, isSealed) => {
    const changed = Uint8Array.from((isSealed ? sealed : bytes) as Uint8Array);
    const at = Math.floor(part * changed.length);
    changed[at] = (changed[at] as number) ^ by;
    await expect(load(changed, isSealed ? KEY : undefined)).rejects.toMatchObject(refused);
  });

  test("of another engine, or with more memory than is allowed, it is refused", async () => {
    const foreign = await writeSnapshot(guest, authority, { engine: "ab".repeat(32) });
    await expect(load(foreign)).rejects.toMatchObject(refused);
    const large = await createSandbox(options);
    gave(await large.run("globalThis.big = new Uint8Array(6 * 2 ** 20).fill(1); 0"));
    const small = { grant, from: await large.snapshot(), limits: { memory: "4 MiB" } };
    await expect(createSandbox(small)).rejects.toMatchObject(refused);
  });
});

const chunk = fc.record({ at: fc.nat(40 * 256 - 1), size: fc.integer({ min: 1, max: 64 }), seed: fc.nat(0xffff) });
const noise = ({ size, seed }: { size: number; seed: number }) =>
  Uint8Array.from({ length: size * GRANULE }, (_, i) => Math.imul(i + seed, 0x9e3779b1) >>> 24);

/** The guest's own memory, parts of it overwritten. */
function spoilt(
  pages: number,
  chunks: readonly { at: number; size: number; seed: number }[],
  globals = guest.globals,
): Promise<Uint8Array> {
  const whole = new Uint8Array(pages * 65_536);
  for (const { at, bytes: of } of guest.chunks) if (at + of.length <= whole.length) whole.set(of, at);
  for (const one of chunks) {
    const at = (one.at * GRANULE) % whole.length;
    whole.set(noise(one).subarray(0, whole.length - at), at);
  }
  // Beyond the engine's image all that is written here replaces what is there.
  const parts = [{ at: 0, bytes: whole }];
  return writeSnapshot({ pages, chunks: parts, globals }, authority, { engine });
}

describe("a hostile guest part", () => {
  prop.prop([fc.array(chunk, { minLength: 1, maxLength: 6 })], { numRuns: 40 })(
    "with memory of noise harms its own sandbox at most",
    async (chunks) => {
      const pages = guest.pages;
      await survives(await spoilt(pages, chunks));
      // What the image has and the snapshot does not say: pieces of noise over an otherwise right memory.
      const pieces = [...guest.chunks];
      const at = chunks[0]?.at ?? 0;
      const where = ((at * GRANULE) % (pages * 65_536 - GRANULE)) & ~(GRANULE - 1);
      const kept = pieces.filter((one) => one.at + one.bytes.length <= where || one.at >= where + GRANULE);
      const torn = [...kept, { at: where, bytes: noise({ size: 1, seed: at }) }].sort((a, b) => a.at - b.at);
      await survives(await writeSnapshot({ ...guest, chunks: torn }, authority, { engine }));
      await neighbourIsWell();
    },
    240_000,
  );

  prop.prop(
    [
      fc.array(fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-1, 0, 2 ** 31, 2 ** 32 - 1, Number.NaN)), {
        minLength: 1,
        maxLength: 6,
      }),
    ],
    { numRuns: 40 },
  )(
    "with other globals harms its own sandbox at most",
    async (values) => {
      const globals = guest.globals.map((own, i) =>
        typeof own === "bigint" ? own : (values[i % values.length] as number),
      );
      await survives(await writeSnapshot({ ...guest, globals }, authority, { engine }));
      await neighbourIsWell();
    },
    120_000,
  );

  test("with globals of other types or another number, or fewer pages than the engine has, is refused", async () => {
    const wrong = [[], [...guest.globals, 1], guest.globals.map((one) => (typeof one === "bigint" ? 1 : 1n))];
    for (const globals of wrong) {
      const file = await writeSnapshot({ ...guest, globals }, authority, { engine });
      await expect(load(file)).rejects.toMatchObject({ name: "CordonError" });
    }
    const few = await writeSnapshot({ pages: 1, chunks: [], globals: guest.globals }, authority, { engine });
    await expect(load(few)).rejects.toMatchObject({ name: "CordonError" });
    const many = await writeSnapshot({ ...guest, pages: 65_536 }, authority, { engine });
    await expect(load(many)).rejects.toMatchObject({ name: "CordonError" });
    await neighbourIsWell();
  });

  test("all zeroes, or all ones, harms its own sandbox at most", async () => {
    for (const fill of [0, 255]) {
      const whole = new Uint8Array(guest.pages * 65_536).fill(fill);
      await survives(await writeSnapshot({ ...guest, chunks: [{ at: 0, bytes: whole }] }, authority, { engine }));
    }
    await neighbourIsWell();
  });
});

describe("a forged authority part", () => {
  const forge = (part: Partial<AuthorityPart>, key?: Uint8Array) =>
    writeSnapshot(guest, { ...authority, ...part }, { engine, key });

  test("is refused by whoever has a key", async () => {
    const other = KEY.map((byte) => byte ^ 1);
    for (const file of [await forge({}), await forge({}, other), bytes as Uint8Array])
      await expect(load(file, KEY)).rejects.toMatchObject(refused);
  });

  test("without a key gives nothing: limits, clock, generations, meters and policy of the file are not looked at", async () => {
    const limits = new Map([
      ["fuel", 1e15],
      ["memory", 2 ** 32],
    ]);
    const file = await forge({
      limits,
      clock: 8e15,
      generations: Array.from({ length: 9_000 }, () => 2 ** 17),
      policy: Uint8Array.of(9, 9),
    });
    const box = await load(file);
    expect(gave(await box.run("tools.add(Date.now() < 1e14, 1)"))).toBe(2);
    expect(await box.run("for (;;);")).toMatchObject({ status: "exhausted", resource: "fuel" });
  });

  test("with names or contracts that are not granted is refused, and grants nothing", async () => {
    const more = [...authority.grants, { name: "secrets", contract: "ab".repeat(32) }];
    const renamed = authority.grants.map((one) => (one.name === "tools" ? { ...one, name: "constructor" } : one));
    for (const grants of [more, renamed, []])
      await expect(load(await forge({ grants }))).rejects.toMatchObject({ name: "CordonError", code: "E_GRANT" });
  });

  prop.prop([fc.uint8Array({ minLength: 1, maxLength: 200 })], { numRuns: 40 })(
    "with a policy's memory that is none, though sealed, is refused E_POLICY",
    async (noise) => {
      const rules = policy.text(
        "policy p over tools.* {\n default allow\n deny tools.add when count tools.add >= 3\n}",
      );
      const file = await forge({ policy: noise }, KEY);
      await expect(createSandbox({ ...options, policy: rules, from: file, key: KEY })).rejects.toMatchObject({
        code: "E_POLICY",
      });
    },
  );
});
