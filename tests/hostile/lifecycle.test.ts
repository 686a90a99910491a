// Sandboxes begin, end, are aborted and forgotten at every moment: results are right, nothing is unhandled, and nothing
// keeps the process alive.
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { blocking, createSandbox, type Result, run, type Sandbox } from "../../embed/node/index.ts";
import { type Ended, inChild } from "./child.ts";
import { boom } from "./odd.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const unhandled = vi.fn();
process.on("unhandledRejection", unhandled);
afterEach(async () => {
  expect(await run({ source: "1 + 1" })).toMatchObject({ status: "returned", value: 2 });
  expect(unhandled).not.toHaveBeenCalled();
});

describe("a process in which sandboxes came to every kind of end", () => {
  let ended: Ended;
  let told: { statuses: Record<string, string>; complaints: readonly string[] };
  beforeAll(async () => {
    ended = await inChild([join(import.meta.dirname, "lifecycle-child.ts")], 50_000);
    told = JSON.parse(ended.out === "" ? "{}" : ended.out);
  });

  test("ends by itself, at once, without a word", () => {
    expect([ended.code, ended.err]).toEqual([0, ""]);
    expect(ended.lingered).toBeLessThan(2_000);
  });

  test("saw no unhandled rejection, no uncaught exception and no warning", () => {
    expect(told.complaints).toEqual([]);
  });

  test("had the results that it should have", () => {
    expect(told.statuses).toEqual({
      "left alone": "returned",
      "left alone with timers": "returned",
      "left alone with calls": "returned",
      "left alone after a throw": "threw",
      "left alone on a virtual clock": "returned",
      "fire and forget": "returned",
      deadline: "wall",
      "long deadline, short run": "returned",
      fuel: "fuel",
      "promises that reject": "returned",
      "disposed while it runs": "aborted",
      "disposed while it is parked": "aborted",
      "disposed while it awaits": "aborted",
      "disposed while it sleeps": "aborted",
      "disposed while it drains": "aborted",
      "disposed while runs are queued": "aborted",
      "aborted, one signal for many": "aborted",
      "one signal for many runs of one sandbox": "returned",
      "a program that sleeps": "wall",
      "watchers that reject": "returned",
    });
  });
});

describe("dispose", () => {
  const never = (): Promise<void> => new Promise(() => undefined);
  const grant = { never, wait: blocking(never) };

  test.each([0, 1, 2, 3, 5, 8, 13])(
    "after %i turns of the host's loop is as good as at any other time",
    async (turns) => {
      for (const source of [
        "1",
        "for (;;);",
        "await never()",
        "wait()",
        "throw 1",
        "await undefined; 1",
        "setTimeout(wait)",
      ]) {
        const box = await createSandbox({ grant });
        const running = box.run(source);
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
        box.dispose();
        expect(["aborted", "returned", "threw"]).toContain((await running).status);
        expect(() => box.dispose()).not.toThrow();
        await expect(box.run("1")).rejects.toMatchObject({ code: "E_DISPOSED" });
        await expect(box.call("f")).rejects.toMatchObject({ code: "E_DISPOSED" });
        await expect(box.check("1")).rejects.toMatchObject({ code: "E_DISPOSED" });
        expect(box.ended()).toBe("it was disposed");
      }
    },
  );

  test("does not need its object, and is what `using` and `await using` call", async () => {
    const kept: Sandbox[] = [];
    {
      using first = await createSandbox();
      await using second = await createSandbox();
      kept.push(first, second);
      void second.run("for (;;);");
    }
    expect(kept.map((box) => box.ended())).toEqual(["it was disposed", "it was disposed"]);
    const { dispose, ended } = await createSandbox();
    dispose();
    expect(ended()).toBe("it was disposed");
  });

  test("when `await using` is left by a throw", async () => {
    let kept: Sandbox | undefined;
    const fail = async (): Promise<void> => {
      await using box = await createSandbox({ grant });
      kept = box;
      void box.run("wait()");
      await sleep(5);
      throw new Error("mine");
    };
    await expect(fail()).rejects.toThrow("mine");
    expect(kept?.ended()).toBe("it was disposed");
  });
});

describe("signals", () => {
  const grant = { hit: vi.fn(() => 1) };

  test("that fired before anything: nothing runs, in run, in a sandbox's run and in its check", async () => {
    const signal = AbortSignal.abort();
    await using box = await createSandbox({ grant });
    for (const ran of [
      run({ source: "hit()", grant, signal }),
      box.run("hit()", { signal }),
      box.check("1", { signal }),
    ])
      expect(await ran).toMatchObject({ status: "aborted" });
    expect(grant.hit).not.toHaveBeenCalled();
    expect(await box.run("hit()")).toMatchObject({ value: 1 });
  });

  test("that fire while their run is queued: it does not run, those before and behind it do", async () => {
    await using box = await createSandbox({ grant: { wait: () => sleep(30) } });
    const controller = new AbortController();
    const all = [
      box.run("globalThis.order = []; await wait(); order.push(1)"),
      box.run("order.push(2)", { signal: controller.signal }),
      box.run("order.push(3); order"),
    ];
    controller.abort();
    expect(await Promise.all(all)).toMatchObject([{ status: "returned" }, { status: "aborted" }, { value: [1, 3] }]);
  });

  test("that fire when their run has ended change nothing", async () => {
    await using box = await createSandbox();
    const controller = new AbortController();
    expect(await box.run("1", { signal: controller.signal })).toMatchObject({ value: 1 });
    const next = box.run("let n = 0; for (let i = 0; i < 1e6; i++) n++; n");
    controller.abort();
    expect(await next).toMatchObject({ value: 1e6 });
  });

  test("AbortSignal.timeout and AbortSignal.any are signals", async () => {
    const signals = [AbortSignal.timeout(20), AbortSignal.any([AbortSignal.timeout(20), new AbortController().signal])];
    for (const signal of signals)
      expect(await run({ source: "for (;;);", signal })).toMatchObject({ status: "aborted" });
  });

  test("one signal ends all that it was given to, and nothing else", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const other = run({ source: "let n = 0; for (let i = 0; i < 3e6; i++) n++; n" });
    const all = Array.from({ length: 20 }, () => run({ source: "for (;;);", signal }));
    await sleep(20);
    controller.abort();
    for (const { status } of await Promise.all(all)) expect(status).toBe("aborted");
    expect(await other).toMatchObject({ value: 3e6 });
  });

  test("that throw are no reason to go on", async () => {
    let asked = 0;
    const aborted = (): boolean => (asked++ < 4 ? false : boom());
    const listens = { addEventListener: () => undefined, removeEventListener: boom };
    const turning = Object.defineProperty({ ...listens }, "aborted", { get: aborted }) as unknown as AbortSignal;
    expect(await run({ source: "for (;;);", signal: turning })).toMatchObject({ status: "aborted" });
    expect(asked).toBeGreaterThan(4);
    const deaf = { ...listens, aborted: false, addEventListener: boom } as unknown as AbortSignal;
    await using box = await createSandbox();
    await expect(box.run("1", { signal: deaf, limits: { wall: 20 } })).rejects.toMatchObject({ code: "E_OPTION" });
    await sleep(40); // no timer of the run that was not made is left to end the sandbox
    expect(await box.run("2")).toMatchObject({ value: 2 });
  });
});

describe("many at once", () => {
  test("5,000 calls in flight, settled in any order, each answered with its own", async () => {
    const open: (() => void)[] = [];
    const grant = {
      call: (n: number) => new Promise((resolve, reject) => open.push(() => (n % 7 === 0 ? reject(n) : resolve(n)))),
    };
    const source = `const all = Array.from({ length: 5000 }, (_, i) => call(i).then((n) => n === i, (n) => n === i && i % 7 === 0));
      (await Promise.all(all)).every(Boolean)`;
    const running = run({ source, grant });
    while (open.length < 5_000) await sleep(5);
    for (let i = open.length - 1; i > 0; i--) {
      const j = (i * 7_919) % (i + 1);
      [open[i], open[j]] = [open[j] as () => void, open[i] as () => void];
    }
    for (const settle of open) settle();
    expect(await running).toMatchObject({ status: "returned", value: true });
  });

  test("5,000 calls in flight when the sandbox is disposed, and settled afterwards", async () => {
    const open: PromiseWithResolvers<unknown>[] = [];
    const call = (): Promise<unknown> => {
      const one = Promise.withResolvers();
      open.push(one);
      return one.promise;
    };
    const box = await createSandbox({ grant: { call } });
    const running = box.run("await Promise.all(Array.from({ length: 5000 }, () => call()))");
    while (open.length < 5_000) await sleep(5);
    box.dispose();
    expect(await running).toMatchObject({ status: "aborted" });
    open.forEach(({ resolve, reject }, i) => {
      if (i % 2 === 0) resolve(i);
      else reject(new Error("late"));
    });
    await sleep(20);
  });

  test("200 sandboxes that are parked, disposed of in one turn", async () => {
    const grant = { wait: blocking(() => new Promise(() => undefined)) };
    const boxes = await Promise.all(Array.from({ length: 200 }, () => createSandbox({ grant })));
    const runs = boxes.map((box) => box.run("wait()"));
    await sleep(50);
    for (const box of boxes) box.dispose();
    for (const { status } of await Promise.all(runs)) expect(status).toBe("aborted");
  });

  test("beyond the queue every kind of request is busy, and the queue is free again afterwards", async () => {
    const [entered, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const wait = (): Promise<void> => {
      entered.resolve();
      return released.promise;
    };
    await using box = await createSandbox({ grant: { wait } });
    const first = box.run("await wait(); 0");
    await entered.promise;
    const queued = Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? box.run("1") : box.check("1")));
    const beyond: Promise<Result>[] = [box.run("1"), box.call("f"), box.check("1")];
    for (const one of await Promise.all(beyond)) {
      expect(one).toMatchObject({ status: "refused", by: "sandbox", why: expect.stringContaining("busy") });
    }
    released.resolve();
    expect((await Promise.all([first, ...queued])).every(({ status }) => status === "returned")).toBe(true);
    expect(await box.run("3")).toMatchObject({ value: 3 });
  });
});

describe("after an end", () => {
  test.each<[string, string, object, string]>([
    ["fuel", "for (;;);", { fuel: "1M" }, "it ran out of fuel"],
    ["wall", "for (;;);", { wall: 20 }, "it ran out of wall"],
    ["calls", "for (;;) hit()", { calls: 3 }, "it ran out of calls"],
    ["bytes", "for (;;) hit('x'.repeat(999))", { bytes: 10_000 }, "it ran out of bytes"],
  ])("by %s every request is refused and says why, a new sandbox works", async (_, source, limits, why) => {
    await using box = await createSandbox({ grant: { hit: () => 1 } });
    await box.run("globalThis.f = () => 1");
    expect(await box.run(source, { limits })).toMatchObject({ status: "exhausted" });
    for (const late of [box.run("1"), box.call("f"), box.check("1"), box.run("const a: number = 1")])
      expect(await late).toMatchObject({ status: "refused", by: "sandbox", why: expect.stringContaining(why) });
    expect(box.ended()).toBe(why);
    box.dispose();
    await expect(box.run("1")).rejects.toMatchObject({ code: "E_DISPOSED" });
  });
});
