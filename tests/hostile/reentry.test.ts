// Host functions that turn back on the sandbox that called them, or make others meanwhile.
import { afterEach, describe, expect, test, vi } from "vitest";
import { blocking, callSignal, createSandbox, type Result, run, type Sandbox } from "../../embed/node/index.ts";

const unhandled = vi.fn();
process.on("unhandledRejection", unhandled);
afterEach(async () => {
  expect(await run({ source: "1 + 1" })).toMatchObject({ status: "returned", value: 2 });
  expect(unhandled).not.toHaveBeenCalled();
});

type Act = (box: Sandbox) => unknown;
/** How the act comes about: in the call itself, behind an await of it, or while the guest is parked in it. */
const WAYS = {
  "in the call": ["act()", (act: () => unknown) => act],
  "behind an await": ["await act()", (act: () => unknown) => () => Promise.resolve().then(act)],
  "with the guest parked": ["act()", (act: () => unknown) => blocking(() => Promise.resolve().then(act))],
} as const;

async function boxThat(act: Act, way: keyof typeof WAYS, wall = 5_000): Promise<[Sandbox, string]> {
  const [call, wrap] = WAYS[way];
  const box: Sandbox = await createSandbox({ grant: { act: wrap(() => act(box)) }, limits: { wall } });
  return [box, call];
}

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])("%s", (way) => {
  test.each<[string, Act]>([
    ["dispose", (box) => box.dispose()],
    ["dispose twice", (box) => [box.dispose(), box[Symbol.dispose]()].length],
    [
      "dispose and throw",
      (box) => {
        box.dispose();
        throw new Error("after the end");
      },
    ],
    ["dispose asynchronously", (box) => box[Symbol.asyncDispose]()],
    [
      "dispose, then run, call and check",
      async (box) => {
        box.dispose();
        const late = [box.run("1"), box.call("f"), box.check("1")];
        for (const { reason } of (await Promise.allSettled(late)) as PromiseRejectedResult[])
          expect(reason).toMatchObject({ code: "E_DISPOSED" });
      },
    ],
  ])("%s: the run is aborted, whatever the guest does next", async (_, act) => {
    for (const next of ["for (;;);", "'value'", "act()", "throw 1", "await new Promise(() => {})"]) {
      const [box, call] = await boxThat(act, way);
      expect(await box.run(`try { ${call} } catch {} finally { ${next} }`)).toMatchObject({ status: "aborted" });
      expect(box.ended()).toBe("it was disposed");
    }
  });

  test("abort ends the run at once", async () => {
    const controller = new AbortController();
    const [box, call] = await boxThat(() => controller.abort(), way);
    const ended = await box.run(`try { ${call} } finally { for (;;); }`, { signal: controller.signal });
    expect(ended).toMatchObject({ status: "aborted" });
    expect(await box.run("1")).toMatchObject({ status: "refused", by: "sandbox" });
  });

  test("run, call and check of the same sandbox wait for their turn", async () => {
    const later: Promise<Result>[] = [];
    const act = (box: Sandbox): number =>
      later.push(box.run("order.push('run')"), box.call("order.push", "call"), box.check("1"));
    const [box, call] = await boxThat(act, way);
    await box.run("globalThis.order = []");
    await box.run(`${call}; order.push("first"); order.length`);
    expect((await Promise.all(later)).map(({ status }) => status)).toEqual(["returned", "returned", "returned"]);
    expect(await box.run("order")).toMatchObject({ value: ["first", "run", "call"] });
    box.dispose();
  });

  test("as many as it likes: beyond the queue they are busy", async () => {
    const later: Promise<Result>[] = [];
    const [box, call] = await boxThat((self) => {
      for (let i = 0; i < 200; i++) later.push(self.run("1"));
    }, way);
    expect(await box.run(`${call}; 1`)).toMatchObject({ status: "returned" });
    const all = await Promise.all(later);
    const busy = all.filter((one) => one.status === "refused" && one.why.startsWith("busy"));
    expect(busy.length).toBe(200 - 64);
    expect(await box.run("2")).toMatchObject({ value: 2 });
    box.dispose();
  });

  test("who waits for its own sandbox waits until the deadline, and no longer", async () => {
    if (way === "in the call") return; // a plain function cannot wait
    let inner: Promise<Result> | undefined;
    const [box, call] = await boxThat(
      (self) => {
        inner = self.run("1");
        return inner;
      },
      way,
      150,
    );
    expect(await box.run(call)).toMatchObject({ status: "exhausted", resource: "wall" });
    expect(await inner).toMatchObject({ status: "refused", by: "sandbox" });
  });

  test("other sandboxes run inside, and inside those", async () => {
    const nest = (depth: number): Promise<unknown> => {
      const [call, wrap] = WAYS[way === "in the call" ? "behind an await" : way];
      const act = wrap(async () => (depth === 0 ? 1 : 1 + ((await nest(depth - 1)) as number)));
      return run({ source: call, grant: { act } }).then((result) => (result as { value?: unknown }).value);
    };
    expect(await nest(10)).toBe(11);
  });

  test("other sandboxes begin and end while this one spins on", async () => {
    const others: Promise<Result>[] = [];
    const [box, call] = await boxThat(() => {
      const controller = new AbortController();
      others.push(
        run({ source: "for (;;);", signal: controller.signal, limits: { fuel: "1M" } }),
        run({ source: "6 * 7" }),
      );
    }, way);
    expect(await box.run(`${call}; let n = 0; for (let i = 0; i < 3e6; i++) n++; n`)).toMatchObject({ value: 3e6 });
    expect(await Promise.all(others)).toMatchObject([{ resource: "fuel" }, { value: 42 }]);
    box.dispose();
  });
});

describe("a call and the end of its sandbox", () => {
  test("callSignal fires once, in every call that is open, whichever way the sandbox ends", async () => {
    const ends: Record<string, (box: Sandbox, controller: AbortController) => void> = {
      dispose: (box) => box.dispose(),
      abort: (_, controller) => controller.abort(),
      deadline: () => undefined,
    };
    for (const [name, end] of Object.entries(ends)) {
      const fired = vi.fn();
      const never = (): Promise<void> => {
        callSignal().addEventListener("abort", fired);
        return new Promise(() => undefined);
      };
      await using box = await createSandbox({ grant: { never, wait: blocking(never) } });
      const controller = new AbortController();
      const limits = { wall: name === "deadline" ? 60 : 10_000 };
      const running = box.run("never(); never(); wait()", { signal: controller.signal, limits });
      await new Promise((resolve) => setTimeout(resolve, 20));
      end(box, controller);
      expect((await running).status).toBe(name === "deadline" ? "exhausted" : "aborted");
      expect(fired).toHaveBeenCalledTimes(3);
    }
  });

  test("what a host settles after the end goes nowhere, and nothing is unhandled", async () => {
    const open: PromiseWithResolvers<unknown>[] = [];
    const call = (): Promise<unknown> => {
      const one = Promise.withResolvers();
      open.push(one);
      return one.promise;
    };
    const box = await createSandbox({ grant: { call, wait: blocking(call) } });
    const running = box.run("call().then(leak, leak); call().finally(leak); wait(); function leak() { for (;;); }");
    await new Promise((resolve) => setTimeout(resolve, 20));
    box.dispose();
    expect((await running).status).toBe("aborted");
    open[0]?.resolve(() => "live");
    open[1]?.reject(new Error("late"));
    open[2]?.resolve(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(open.length).toBe(3);
  });
});
