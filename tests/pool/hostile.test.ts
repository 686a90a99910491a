// A worker that has been taken over says whatever it likes. It ends; what was granted to its guests is all it can reach.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { newCutter } from "../../embed/node/workers/pipe.ts";
import { OP, readFrame } from "../../embed/remote/frame.ts";
import { VERSION } from "../../embed/remote/version.ts";
import { arg, capability, contract, handle, integer, nothing } from "../../policy-libs/index.ts";
import { type Taken, taken, USAGE, USED, value } from "./taken.ts";
import { sleep } from "./world.ts";

const called: unknown[] = [];
const grant = () => ({ tools: { f: (...args: unknown[]) => void called.push(args) } });
const idOf = (worker: Taken): number => worker.plan().grants[0]?.id as number;

describe("a worker that was taken over", () => {
  test("can call what its guest was granted: that is all", async () => {
    called.length = 0;
    const { worker, start } = await taken({ grant: grant() });
    void start();
    await expect.poll(() => worker.heard.at(-1)?.op).toBe(OP.JOB);
    worker.say(OP.CALL, [1, idOf(worker), 0, false, [], null], value([1, "two"]));
    await expect.poll(() => called).toEqual([[1, "two"]]);
    await expect.poll(() => worker.heard.at(-1)?.op).toBe(OP.REPLY);
  });

  type Say = (worker: Taken) => void;
  const say =
    (op: number, fields: readonly unknown[], body?: Uint8Array, box?: number): Say =>
    (worker) =>
      worker.say(op, fields, body, box);
  const args = value([]);

  test.for<readonly [string, Say]>([
    ["calls a capability that it was not given", say(OP.CALL, [1, 999, 0, false, [], null], args)],
    ["calls a method that there is not", (worker) => worker.say(OP.CALL, [1, idOf(worker), 7, false, [], null], args)],
    [
      "passes arguments that are no list",
      (worker) => worker.say(OP.CALL, [1, idOf(worker), 0, false, [], null], value(1)),
    ],
    [
      "passes arguments that are no value",
      (worker) => worker.say(OP.CALL, [1, idOf(worker), 0, false, [], null], Uint8Array.of(0x9f, 0xff)),
    ],
    [
      "passes bytes that are cut off",
      (worker) => worker.say(OP.CALL, [1, idOf(worker), 0, false, [], null], Uint8Array.of(0x82, 1)),
    ],
    [
      "passes capabilities where there are none",
      (worker) => worker.say(OP.CALL, [1, idOf(worker), 0, false, [[0, 1]], null], args),
    ],
    [
      "passes a capability back that it does not have",
      (worker) => worker.say(OP.CALL, [1, idOf(worker), 0, false, [[1, 99]], null], args),
    ],
    [
      "says a time of its guest's own, which has none",
      (worker) => worker.say(OP.CALL, [1, idOf(worker), 0, false, [], 5], args),
    ],
    ["ends a wait by a time that there is not", say(OP.WOKE, [1, 5])],
    ["answers a call that nobody made", say(OP.REPLY, [1, 0, []], args)],
    ["lets go what it does not have", say(OP.RELEASE, [77])],
    ["tells a result of no run", say(OP.RESULT, [1, { status: "returned", usage: USAGE, total: USED }], args)],
    ["says what only the embedder says", say(OP.MAKE, [{}])],
    ["speaks of a sandbox that there is not", say(OP.SAY, [], value(["log", "x"]), 99)],
    ["is ready twice, as another version", say(OP.READY, [VERSION + 1], undefined, 0)],
    ["says twice that its sandbox is made", say(OP.MADE, [null, USED])],
    ["says that what was made was not", say(OP.MADE, [{ code: "E_LIMIT", message: "" }, USED])],
    ["says a line that is none", say(OP.SAY, [], value("no list"))],
    ["ends in a way that there is not", say(OP.ENDED, [{ kind: "returned", value: 1 }])],
    ["uses less than nothing", say(OP.USAGE, [{ ...USED, fuel: -1 }])],
    ["uses what is no number", say(OP.USAGE, [{ ...USED, fuel: "many" }])],
    ["waits in a way that there is not", say(OP.RESTS, ["for ever"])],
    ["posts an empty frame", (worker) => worker.raw(new Uint8Array(0))],
    ["posts a head that is longer than its frame", (worker) => worker.raw(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1))],
    ["posts what is no message", (worker) => worker.raw(Uint8Array.of(0, 0, 0, 1, 0xf6))],
    ["posts a message with too many fields", say(OP.DROP, [1, 2])],
    ["posts a message with a field of another kind", say(OP.DROP, ["one"])],
  ])("is ended when it %s; the next one serves", async ([, attack]) => {
    called.length = 0;
    const { pool, box, worker, workers } = await taken({ grant: grant() });
    attack(worker);
    await expect.poll(() => box.ended()).toMatch(/the worker was lost: it (broke the protocol|is of another version)/);
    expect(called).toEqual([]);
    await expect.poll(() => workers.length).toBe(2);
    expect(pool.stats().workers[0]?.why).toMatch(/broke the protocol|another version/);
  });

  test.for<readonly [string, object, Uint8Array]>([
    ["bytes that are no value", { status: "returned" }, Uint8Array.of(0x82)],
    ["nothing at all", { status: "returned" }, new Uint8Array(0)],
    ["a way to end that there is not", { status: "won" }, args],
    ["a resource that there is not", { status: "exhausted", resource: "patience" }, args],
    ["a question that nobody asked", { status: "interrupted", question: 5 }, args],
    ["a usage that is none", { status: "aborted", usage: { fuel: Number.NaN } }, args],
    ["more than a result may be", { status: "returned" }, value("x".repeat(2_000))],
  ])("tells of %s as a result: it is ended, and the run is reported", async ([, result, body]) => {
    const { box, worker } = await taken();
    const running = box.run("1", { limits: { result: 1_000 } });
    await expect.poll(() => worker.heard.some(({ op }) => op === OP.JOB)).toBe(true);
    worker.say(OP.RESULT, [1, { usage: USAGE, total: USED, ...result }], body);
    expect(await running).toMatchObject({ status: "trapped", reason: expect.stringContaining("broke the protocol") });
  });

  test("that tells a result twice changes nothing of the first, and is ended", async () => {
    const { box, worker } = await taken();
    const running = box.run("1");
    await expect.poll(() => worker.heard.some(({ op }) => op === OP.JOB)).toBe(true);
    for (const n of [1, 2])
      worker.say(OP.RESULT, [1, { status: "returned", usage: USAGE, total: USED }], value({ value: n }));
    expect(await running).toMatchObject({ status: "returned", value: 1 });
    await expect.poll(() => box.ended()).toMatch(/broke the protocol/);
  });

  const PLUG = contract({
    name: "plug",
    allows: "",
    never: "",
    calls: { ping: { takes: [], gives: integer(), refuses: [] } },
  });
  const SINK = contract({
    ...{ name: "sink", allows: "", never: "" },
    calls: { take: { takes: [arg("plug", handle(PLUG))], gives: nothing(), refuses: [], mode: "sync" } },
  });
  const plugArgument = Uint8Array.of(0x81, 0xda, 0x00, 0x43, 0x4f, 0x04, 0x1a, 0, 0, 0, 0);

  async function plugged() {
    const plugs: { functions: { ping(): Promise<number> } }[] = [];
    const sink = capability(SINK, { take: (plug) => void plugs.push(plug as never) });
    const world = await taken({ grant: { sink } });
    void world.start();
    await expect.poll(() => world.worker.heard.at(-1)?.op).toBe(OP.JOB);
    // The one encoding of the tag that crosses: read from what this side would say itself.
    world.worker.say(OP.CALL, [1, idOf(world.worker), 0, false, [[0, 5]], null], plugArgument);
    await expect.poll(() => plugs.length).toBe(1);
    return { ...world, plug: plugs[0] as (typeof plugs)[number] };
  }
  const callOf = async ({ heard }: Taken): Promise<number> => {
    await expect.poll(() => heard.some(({ op }) => op === OP.CALL)).toBe(true);
    return heard.find(({ op }) => op === OP.CALL)?.fields[0] as number;
  };

  test("cannot answer outside of a contract: who called hears that the target ended", async () => {
    const { worker, plug, box } = await plugged();
    const answer = plug.functions.ping();
    const call = await callOf(worker);
    worker.say(OP.REPLY, [call, 0, []], value("no number"));
    await expect(answer).rejects.toMatchObject({ code: expect.stringMatching(/E_TARGET|E_REVOKED/) });
    expect(box.ended()).toMatch(/broke the protocol/);
  });

  test("cannot answer twice", async () => {
    const { worker, plug, box } = await plugged();
    const answer = plug.functions.ping();
    const call = await callOf(worker);
    worker.say(OP.REPLY, [call, 0, []], value(7));
    worker.say(OP.REPLY, [call, 0, []], value(8));
    expect(await answer).toBe(7);
    await expect.poll(() => box.ended()).toMatch(/broke the protocol/);
  });

  test("that dies leaves nobody waiting for it", async () => {
    const { worker, plug } = await plugged();
    const answer = plug.functions.ping();
    await callOf(worker);
    worker.raw(new Uint8Array(0));
    await expect(answer).rejects.toMatchObject({ code: expect.stringMatching(/E_TARGET|E_REVOKED/) });
    await expect(plug.functions.ping()).rejects.toMatchObject({ code: "E_REVOKED" });
  });

  test("cannot have more calls in flight than its guest may", async () => {
    const { worker, box, start } = await taken({ grant: { wait: () => sleep(60_000) }, limits: { inFlight: 10 } });
    void start();
    await expect.poll(() => worker.heard.at(-1)?.op).toBe(OP.JOB);
    for (let call = 1; call <= 2_000; call++) worker.say(OP.CALL, [call, idOf(worker), 0, false, [], null], args);
    await expect.poll(() => box.ended()).toMatch(/more calls at once/);
  });

  test("cannot make more calls than its guest may", async () => {
    called.length = 0;
    const { worker, box } = await taken({ grant: grant(), limits: { calls: 3 } });
    void box.run("1");
    await expect.poll(() => worker.heard.some(({ op }) => op === OP.JOB)).toBe(true);
    for (let call = 1; call <= 10; call++) worker.say(OP.CALL, [call, idOf(worker), 0, false, [], null], args);
    await expect.poll(() => worker.heard.filter(({ op }) => op === OP.REPLY).length).toBe(10);
    expect(called).toHaveLength(3);
    const at = (kind: number): number => worker.heard.findIndex(({ op }) => op === kind);
    expect(at(OP.END)).toBeGreaterThan(-1);
  });

  test("cannot say that its guest used less than it said before", async () => {
    const { worker, pool } = await taken();
    worker.say(OP.USAGE, [{ ...USED, fuel: 1_000 }]);
    worker.say(OP.USAGE, [{ ...USED, fuel: 10 }]);
    worker.say(OP.USAGE, [{ ...USED, fuel: 1_001 }]);
    await expect.poll(() => pool.meter().totals().fuel).toBe(1_001);
  });

  prop.prop([fc.uint8Array({ maxLength: 200 })])("frames of any bytes are messages or nothing", (bytes) => {
    const message = readFrame(bytes);
    if (message !== undefined) expect(Object.values(OP)).toContain(message.op);
  });

  prop.prop([fc.uint8Array({ maxLength: 40 })])("a worker that says anything is believed in nothing", async (bytes) => {
    const head = value([OP.CALL, 1, 1, 1, 0, false, [], null]);
    const frame = new Uint8Array([0, 0, 0, head.length, ...head, ...bytes]);
    expect(readFrame(frame)?.body).toEqual(bytes);
  });

  prop.prop([fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), fc.array(fc.nat(30), { minLength: 1 })])(
    "frames come out of a stream as they went in, however it is cut",
    (frames, cuts) => {
      const length = (of: Uint8Array): number[] => [0, 0, 0, of.length];
      const stream = Uint8Array.from(frames.flatMap((frame) => [...length(frame), ...frame]));
      const out: Uint8Array[] = [];
      const cut = newCutter((frame) => out.push(frame));
      for (let [at, turn] = [0, 0]; at < stream.length; turn++) {
        const step = 1 + (cuts[turn % cuts.length] as number);
        expect(cut(stream.subarray(at, at + step))).toBe(true);
        at += step;
      }
      expect(out).toEqual(frames);
    },
  );

  test("a length that no frame has ends the stream", () => {
    expect(newCutter(() => undefined)(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toBe(false);
  });
});
