// A worker that has been taken over is asked for copies. It can lie about its guest's memory; authority it cannot make.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { asBytes } from "../../embed/engine.ts";
import type { PoolSandbox } from "../../embed/node/index.ts";
import { nodePowers } from "../../embed/node/index.ts";
import type { Channel } from "../../embed/remote/channel.ts";
import { type Message, OP, TAKE } from "../../embed/remote/frame.ts";
import { gather, piecesOf } from "../../embed/remote/pieces.ts";
import { readSnapshot } from "../../embed/snapshot/file.ts";
import { fingerprintOf } from "../../embed/snapshot/hash.ts";
import { policy } from "../../policy-libs/index.ts";
import { code, KEY } from "./copying.ts";
import { type Taken, taken, USED, value } from "./taken.ts";
import { farOf, poolOver, sleep } from "./world.ts";

const FACTS = { clock: 5, handles: [0, 0], usage: USED, held: 0 };
const PAGES = 20;
const guest = piecesOf({ pages: PAGES, chunks: [{ at: 0, bytes: new Uint8Array(256).fill(7) }], globals: [1, 2n] });

/** What it is asked to take. */
async function asked(worker: Taken, nth = 0): Promise<Message> {
  const all = (): Message[] => worker.heard.filter(({ op }) => op === OP.TAKE);
  await expect.poll(() => all().length).toBeGreaterThan(nth);
  return all()[nth] as Message;
}
const numberOf = ({ fields }: Message): number => fields[0] as number;
const BROKE = {
  code: "E_DISPOSED",
  message: expect.stringMatching(/the worker was lost: it broke the protocol/) as string,
};

type Attack = (worker: Taken, number: number) => void;
const say =
  (op: number, fields: (number: number) => readonly unknown[], body?: Uint8Array): Attack =>
  (worker, number) =>
    worker.say(op, fields(number), body);
const told = (facts: object): Attack => say(OP.TAKEN, (n) => [n, null, { ...FACTS, ...facts }]);

type Asking = (box: PoolSandbox) => Promise<unknown>;
const fork: Asking = (box) => box.fork();
const snapshot: Asking = (box) => box.snapshot({ key: KEY });
const sent =
  (...pieces: Uint8Array[]): Attack =>
  (worker, number) => {
    for (const piece of pieces) worker.say(OP.BYTES, [number], piece);
    worker.say(OP.TAKEN, [number, null, FACTS]);
  };
const [whole] = guest as [Uint8Array];

describe("a worker that was taken over and is asked for a copy", () => {
  test.for<readonly [string, Asking, Attack]>([
    ["answers under another number", fork, say(OP.TAKEN, (n) => [n + 1, null, FACTS])],
    ["says what it uses in no numbers", fork, told({ usage: { ...USED, fuel: -1 } })],
    ["tells of handles that are none", fork, told({ handles: [-1] })],
    ["tells of handles that are no list", fork, told({ handles: "many" })],
    ["tells of more handles than there are", fork, told({ handles: Array.from({ length: 10_001 }, () => 0) })],
    ["sends bytes that stay with it", fork, say(OP.BYTES, (n) => [n], whole)],
    ["sends bytes of what was never asked", snapshot, say(OP.BYTES, (n) => [n + 5], whole)],
    ["sends an empty piece", snapshot, say(OP.BYTES, (n) => [n])],
    ["sends nothing", snapshot, sent()],
    ["sends what is no memory", snapshot, sent(Uint8Array.of(255, 255, 255, 255, 255, 255))],
    ["sends less than a memory", snapshot, sent(whole.subarray(0, whole.length - 1))],
    ["sends more than a memory", snapshot, sent(whole, Uint8Array.of(0))],
    ["sends pieces in another order", snapshot, sent(whole.subarray(40), whole.subarray(0, 40))],
    [
      "sends a memory that is larger than its guest may have",
      snapshot,
      sent(...piecesOf({ pages: 65, chunks: [], globals: [] })),
    ],
    ["says what only the embedder says", fork, say(OP.TAKE, (n) => [n, TAKE.KEEP, 1])],
    [
      "says that a run could not begin which there is not",
      fork,
      say(OP.UNDONE, () => [4, { code: "E_LIMIT", message: "" }]),
    ],
    ["keeps less than nothing of a sleeper", (box) => box.hibernate(), told({ held: -1 })],
    ["leaves out a field", fork, say(OP.TAKEN, (n) => [n, null])],
  ])("is ended when it %s; who asked hears of it, and the next one serves", async ([, ask, attack]) => {
    const { box, worker, workers } = await taken({ limits: { memory: "4 MiB" } });
    const refused = expect(ask(box)).rejects.toMatchObject(BROKE);
    attack(worker, numberOf(await asked(worker)));
    await refused;
    await expect.poll(() => workers.length).toBe(2);
    expect(box.ended()).toMatch(/broke the protocol/);
  });

  test("cannot send without end: no more is kept than its guest's memory may be", async () => {
    const { box, worker } = await taken({ limits: { memory: "4 MiB" } });
    const refused = expect(box.snapshot()).rejects.toMatchObject(BROKE);
    const number = numberOf(await asked(worker));
    for (let i = 0; i < 9; i++) worker.say(OP.BYTES, [number], new Uint8Array(2 ** 20));
    await refused;
  });

  test("cannot send in ever smaller pieces, which would cost more than they hold", async () => {
    const { box, worker } = await taken({ limits: { memory: "4 MiB" } });
    const refused = expect(box.snapshot()).rejects.toMatchObject(BROKE);
    const number = numberOf(await asked(worker));
    for (let i = 0; i < 9; i++) worker.say(OP.BYTES, [number], Uint8Array.of(i));
    await refused;
  });

  test("cannot answer twice: the first answer holds, and it is ended", async () => {
    const { box, worker } = await taken();
    const twin = box.fork();
    const number = numberOf(await asked(worker));
    for (let i = 0; i < 2; i++) worker.say(OP.TAKEN, [number, null, FACTS]);
    const made = await twin.then(
      (one) => one.ended(),
      (error: Error) => error.message,
    );
    expect(made).toMatch(/broke the protocol/);
    await expect.poll(() => box.ended()).toMatch(/broke the protocol/);
  });

  test("cannot set back its guest's time, nor say that it is none", async () => {
    for (const clock of [999, Number.NaN, Infinity, "late", -1]) {
      const { box, worker } = await taken({ virtual: { start: 1_000 } });
      const refused = expect(box.fork()).rejects.toMatchObject(BROKE);
      told({ clock })(worker, numberOf(await asked(worker)));
      await refused;
    }
  });

  test("may refuse, with a code that there is", async () => {
    const { box, worker } = await taken();
    for (const [nth, [given, expected]] of [
      ["E_BUSY", "E_BUSY"],
      ["E_ANYTHING", "E_ENGINE"],
      ["__proto__", "E_ENGINE"],
    ].entries()) {
      const refused = code(box.fork());
      worker.say(OP.TAKEN, [numberOf(await asked(worker, nth)), { code: given, message: "no" }, { usage: USED }]);
      expect(await refused).toBe(expected);
    }
    expect(box.ended()).toBeUndefined();
  });

  test("that answers what was given up is not heard", async () => {
    const { box, worker } = await taken();
    const refused = code(box.fork());
    const number = numberOf(await asked(worker));
    box.dispose();
    worker.say(OP.GONE, [USED]);
    expect(await refused).toBe("E_DISPOSED");
    worker.say(OP.TAKEN, [number, null, FACTS]);
    await expect.poll(() => worker.heard.some(({ op, fields }) => op === OP.FORGET && fields[0] === number)).toBe(true);
    expect(box.ended()).toBe("it was disposed");
  });

  test("that does not answer at all is lost", async () => {
    const { box, worker } = await taken();
    const refused = code(box.fork({ wait: 10 }));
    await asked(worker);
    expect(await refused).toBe("E_DISPOSED");
    expect(box.ended()).toMatch(/did not answer/);
  }, 15_000);

  test("cannot call for a fork what its original was given, and the other way round", async () => {
    const calls: string[] = [];
    const grant = (who: string) => ({ a: () => void calls.push(who), b: () => void calls.push(who) });
    const { box, worker } = await taken({ grant: grant("original") });
    const asking = box.fork({ grant: grant("fork") });
    told({})(worker, numberOf(await asked(worker)));
    const twin = await asking;
    const made = worker.heard.filter(({ op }) => op === OP.MAKE);
    expect(made).toHaveLength(2);
    void twin.run("1");
    await expect.poll(() => worker.heard.some(({ op, box: id }) => op === OP.JOB && id === 2)).toBe(true);
    worker.say(OP.CALL, [1, 1, 0, false, [], null], value([]), 2);
    await expect.poll(() => calls).toEqual(["fork"]);
    worker.say(OP.CALL, [2, 3, 0, false, [], null], value([]), 2);
    await expect.poll(() => twin.ended()).toMatch(/a call of what it was not given/);
    expect(calls).toEqual(["fork"]);
  });

  test("cannot make a policy forget by the moment at which it answers", async () => {
    const did: string[] = [];
    const grant = { mail: { read: () => void did.push("read") }, net: { send: () => void did.push("send") } };
    const rules = policy.text("policy p over mail.*, net.* {\n default allow\n deny net.send when once mail.read\n}");
    const { box, worker } = await taken({ grant, policy: rules });
    void box.run("1");
    await expect.poll(() => worker.heard.some(({ op }) => op === OP.JOB)).toBe(true);
    const asking = box.fork({ wait: 60_000 });
    worker.say(OP.CALL, [1, 1, 0, false, [], null], value([])); // mail.read
    worker.say(OP.RESULT, [1, { status: "aborted", usage: { ...USED, wall: 0 }, total: USED }]);
    told({})(worker, numberOf(await asked(worker)));
    const twin = await asking;
    void twin.run("1");
    await expect.poll(() => worker.heard.some(({ op, box: id }) => op === OP.JOB && id === 2)).toBe(true);
    worker.say(OP.CALL, [1, 2, 0, false, [], null], value([]), 2); // net.send
    await expect.poll(() => worker.heard.some(({ op, box: id }) => op === OP.REPLY && id === 2)).toBe(true);
    expect(did).toEqual(["read"]);
  });
});

describe("the authority part of a snapshot", () => {
  test("is what the embedder knows, whatever the worker says: names, limits, memory of its policy", async () => {
    const grant = { net: { send: () => 1 } };
    const rules = policy.text("policy p over net.* {\n default allow\n deny net.send when count net.send >= 3\n}");
    const { box, worker } = await taken({ grant, policy: rules, limits: { fuel: 5 } });
    const taking = box.snapshot({ key: KEY });
    sent(...guest)(worker, numberOf(await asked(worker)));
    const file = await taking;
    const engine = await fingerprintOf(asBytes(await nodePowers.engine()));
    const { authority, guest: part } = await readSnapshot(file, { engine, mostPages: PAGES, key: KEY });
    expect(authority?.grants.map(({ name }) => name)).toEqual(
      ["clock", "random", "timers", "console"].map((name) => `system.${name}`).concat("net"),
    );
    expect(authority?.limits.get("fuel")).toBe(5);
    expect(authority?.policy.length).toBeGreaterThan(0);
    expect(part).toMatchObject({ pages: PAGES, globals: [1, 2n] });
  });

  test("is sealed by a key that never leaves the embedder, in snapshots and in restores", async () => {
    const frames: Uint8Array[] = [];
    await using pool = await poolOver((channel: Channel) =>
      farOf({
        ...channel,
        listen: (onFrame, onClose) =>
          channel.listen((frame) => {
            frames.push(frame.slice());
            onFrame(frame);
          }, onClose),
      }),
    );
    const box = await pool.createSandbox({ grant: { f: () => 1 } });
    const from = await box.snapshot({ key: KEY });
    await pool.createSandbox({ grant: { f: () => 1 }, from, key: KEY });
    const seal = from.slice(-64, -32);
    for (const secret of [KEY, seal]) {
      expect(Buffer.concat([Buffer.from(secret)]).length).toBe(32);
      for (const frame of frames) expect(Buffer.from(frame).includes(Buffer.from(secret))).toBe(false);
    }
    expect(frames.length).toBeGreaterThan(3);
  });
});

describe("pieces of a guest part", () => {
  prop.prop([fc.uint8Array({ minLength: 1, maxLength: 400 })])("of any bytes are a guest part or nothing", (bytes) => {
    const gathered = gather(64);
    expect(gathered.add(bytes)).toBe(true);
    const part = gathered.whole();
    if (part !== undefined) expect(part.pages).toBeLessThanOrEqual(64);
  });

  prop.prop([fc.uint8Array({ minLength: 1, maxLength: 3 * 256 }), fc.nat(30), fc.array(fc.double({ noNaN: true }))])(
    "are what they were cut of",
    (bytes, granule, globals) => {
      const chunk = new Uint8Array(Math.ceil(bytes.length / 256) * 256);
      chunk.set(bytes);
      const gathered = gather(8);
      const image = { pages: 8, chunks: [{ at: granule * 256, bytes: chunk }], globals };
      for (const piece of piecesOf(image)) expect(gathered.add(piece)).toBe(true);
      const { pages, chunks, globals: read } = gathered.whole() ?? {};
      expect([pages, read]).toEqual([8, globals]);
      const memory = new Uint8Array(8 * 65_536);
      for (const { at, bytes: of } of chunks ?? []) memory.set(of, at);
      expect(memory.subarray(granule * 256, granule * 256 + chunk.length)).toEqual(chunk);
    },
  );
});

test("a worker that is asked for nothing sends nothing", async () => {
  const { box, worker } = await taken();
  worker.say(OP.TAKEN, [1, null, FACTS]);
  await sleep(1);
  await expect.poll(() => box.ended()).toMatch(/an answer to nothing that was asked/);
});
