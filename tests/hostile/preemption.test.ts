// One thread, many guests: none keeps another, or the host, from going on.
import { describe, expect, test } from "vitest";
import { blocking, createSandbox, run } from "../../embed/node/index.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts what each of the guests does until all are aborted. */
async function race(sources: readonly string[], ms: number): Promise<readonly number[]> {
  const counts = sources.map(() => 0);
  const controller = new AbortController();
  const { signal } = controller;
  const runs = sources.map((source, i) => {
    const hit = (): void => {
      counts[i] = (counts[i] as number) + 1;
    };
    return run({ source, grant: { hit }, signal, limits: { calls: 1e9, bytes: "1 TiB", fuel: 1e12, wall: 60_000 } });
  });
  await sleep(ms);
  controller.abort();
  for (const { status } of await Promise.all(runs)) expect(status).toBe("aborted");
  return counts;
}

const SPIN = "for (;;) { hit(); for (let i = 0; i < 500; i++); }";

describe("guests that spin", () => {
  test.each([2, 8])("%i started together advance together", async (count) => {
    await run({ source: "1" });
    const counts = await race(
      Array.from({ length: count }, () => SPIN),
      600,
    );
    expect(Math.min(...counts)).toBeGreaterThan(10);
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) / 4);
  });

  test.each([
    ["bulk work of the engine", "const a = new Uint8Array(4e6); for (;;) { hit(); a.fill(1); a.copyWithin(0, 1); }"],
    ["a flood of microtasks", "for (;;) { hit(); await undefined; }"],
    ["a regular expression", "hit(); /(a+)+b/.test('a'.repeat(40))"],
    ["a flood of console text", "for (;;) { hit(); console.log('x'.repeat(1000)); }"],
    [
      "a flood of timers",
      "const again = () => { hit(); setTimeout(again); setTimeout(again); }; again(); await new Promise(() => {})",
    ],
  ])("one that does %s does not starve its neighbour", async (_, greedy) => {
    const [, mine] = await race([greedy, SPIN], 500);
    const [alone] = await race([SPIN], 250);
    // Half of the time, and half of that for a loaded machine.
    expect(mine).toBeGreaterThan((alone as number) / 4);
  });

  test("leave the host's timers, microtasks and promises alone", async () => {
    let ticks = 0;
    let longest = 0;
    let before = performance.now();
    const timer = setInterval(() => {
      ticks++;
      longest = Math.max(longest, performance.now() - before);
      before = performance.now();
    }, 2);
    await race([SPIN, SPIN, "for (;;);"], 500);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(20);
    expect(longest).toBeLessThan(200); // p95 is for the bench; this is for a host that hangs
  });
});

describe("an abort", () => {
  const grant = { park: blocking(() => new Promise(() => undefined)), never: () => new Promise(() => undefined) };
  test.each([
    "for (;;);",
    "for (;;) try { for (;;); } catch {} finally { for (;;); }",
    "park()",
    "try { park() } finally { for (;;); }",
    "await never()",
    "(function* () { try { yield park() } finally { for (;;); } })().next()",
    "[3, 2, 1].sort(() => park())",
    "new Proxy({}, { get: () => park() }).x",
    "JSON.stringify({ toJSON: () => park() })",
    "'x'.replace(/x/, () => park())",
    "class A { static x = park() }",
    "setInterval(() => {}, 0); await new Promise(() => {})",
    "for (;;) await undefined;",
    "/(a+)+b/.test('a'.repeat(40))",
  ])("ends %s within a moment, and once is enough", async (source) => {
    await using box = await createSandbox({ grant, limits: { wall: 30_000, fuel: 1e12 } });
    const controller = new AbortController();
    const running = box.run(source, { signal: controller.signal });
    await sleep(15);
    const asked = performance.now();
    controller.abort();
    controller.abort(new Error("again"));
    expect(await running).toMatchObject({ status: "aborted", usage: { fuel: expect.any(Number) } });
    expect(performance.now() - asked).toBeLessThan(300);
    expect(box.ended()).toContain("aborted");
  });

  test("ends the stripping of TypeScript too, as dispose does", async () => {
    const source = "const a: number = 1;\n".repeat(150_000);
    const options = { language: "typescript", limits: { wall: 30_000, fuel: 1e12 } } as const;
    for (const way of ["abort", "dispose"]) {
      const box = await createSandbox();
      expect(await box.run("const a: number = 1; a", { language: "typescript" })).toMatchObject({ value: 1 });
      const controller = new AbortController();
      const running = box.run(source, { ...options, signal: controller.signal });
      await sleep(30);
      const asked = performance.now();
      if (way === "abort") controller.abort();
      else box.dispose();
      expect(await running).toMatchObject({ status: "aborted" });
      expect(performance.now() - asked).toBeLessThan(300);
      box.dispose();
    }
  });
});
