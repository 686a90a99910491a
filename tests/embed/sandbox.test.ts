// Sandboxes over the real engine.
import { describe, expect, test, vi } from "vitest";
import type { Sandbox } from "../../embed/api.ts";
import { cordon, createSandbox, gave, run } from "./cordon.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a sandbox", () => {
  test("keeps its state between runs, and calls functions by name or path", async () => {
    await using box = await createSandbox();
    await box.run("globalThis.f = (n) => n + 1; const lib = { g: { h: async (a, b) => a * b } }; let count = 0;");
    expect(gave(await box.call("f", 41))).toBe(42);
    expect(gave(await box.call("lib.g.h", 6, 7))).toBe(42);
    expect(gave(await box.run("++count"))).toBe(1);
    expect(gave(await box.run("++count"))).toBe(2);
    expect(await box.call("nothing")).toMatchObject({
      status: "threw",
      error: { message: expect.stringContaining("nothing") },
    });
    await expect(box.call("f", () => 1)).rejects.toMatchObject({
      code: "E_VALUE",
      message: expect.stringContaining("args[0]"),
    });
  });

  test("runs queue in order, up to 64, then it is busy", async () => {
    await using box = await createSandbox({ grant: { wait: () => sleep(10) } });
    const all = await Promise.all(Array.from({ length: 70 }, (_, i) => box.run(`await wait(); ${i}`)));
    const values = all.map((result) => (result.status === "returned" ? result.value : result.status));
    expect(values.slice(0, 65)).toEqual(Array.from({ length: 65 }, (_, i) => i));
    expect(all.slice(65)).toEqual(
      Array.from({ length: 5 }, () =>
        expect.objectContaining({ status: "refused", why: expect.stringContaining("busy") }),
      ),
    );
    expect(gave(await box.run("1"))).toBe(1);
  });

  test("a drained run goes on with what its last call came to", async () => {
    await using box = await createSandbox({ grant: { wait: () => sleep(20) } });
    const result = await box.run(
      "wait().then(() => console.log('first')).then(wait).then(() => console.log('last')); 1",
      {
        drain: true,
      },
    );
    expect(result.console.map(({ text }) => text)).toEqual(["first", "last"]);
  });

  test("limits of one run are of that run alone", async () => {
    await using box = await createSandbox({ limits: { calls: 5 }, grant: { hit: () => 1 } });
    expect(await box.run("hit(); hit(); 1", { limits: { calls: 2 } })).toMatchObject({
      status: "returned",
      usage: { calls: 2 },
    });
    expect(await box.run("hit(); hit(); hit(); hit(); hit(); 1")).toMatchObject({
      status: "returned",
      usage: { calls: 5 },
    });
    await expect(box.run("1", { limits: { memory: "3 MiB" } })).rejects.toMatchObject({ code: "E_LIMIT" });
  });

  test("after an end that is no throw it is dead, and says so", async () => {
    await using box = await createSandbox();
    expect(await box.run("throw new Error('x')")).toMatchObject({ status: "threw" });
    expect(box.ended()).toBeUndefined();
    expect(await box.run("for (;;);", { limits: { fuel: "1M" } })).toMatchObject({ status: "exhausted" });
    expect(await box.run("1")).toMatchObject({
      status: "refused",
      by: "sandbox",
      why: expect.stringContaining("ran out of fuel"),
    });
    expect(box.ended()).toBe("it ran out of fuel");
  });

  test("dispose ends what runs and what waits, may be called twice, and later use is an error", async () => {
    const box = await createSandbox();
    const running = box.run("for (;;);");
    const queued = box.run("1");
    await sleep(10);
    box.dispose();
    box.dispose();
    expect((await running).status).toBe("aborted");
    expect((await queued).status).toBe("aborted");
    await expect(box.run("1")).rejects.toMatchObject({ code: "E_DISPOSED" });
    await box[Symbol.asyncDispose]();
  });

  test("is disposed of by `await using`", async () => {
    let kept: Sandbox | undefined;
    {
      await using box = await createSandbox();
      kept = box;
    }
    expect(kept?.ended()).toBe("it was disposed");
  });

  test("check parses and runs nothing", async () => {
    const hit = vi.fn();
    await using box = await createSandbox({ grant: { hit } });
    expect(gave(await box.check("import a from 'a'; import 'b'; hit()"))).toEqual({ imports: ["a", "b"] });
    expect(await box.check("let = 5 +")).toMatchObject({ status: "threw", error: { name: "SyntaxError" } });
    expect(hit).not.toHaveBeenCalled();
  });

  test("knows nothing of another one", async () => {
    await using a = await createSandbox();
    await using b = await createSandbox();
    await a.run("globalThis.secret = 1; Array.prototype.evil = 1; Object.prototype.evil = 2");
    expect(gave(await b.run("[typeof secret, [].evil, ({}).evil]"))).toEqual(["undefined", undefined, undefined]);
  });

  test("a callback of the host may run another sandbox, and the same one without a deadlock", async () => {
    const grant = { inner: async (n: number) => gave(await cordon.run({ source: `${n} * 2` })) };
    expect(gave(await run({ source: "await inner(21)", grant }))).toBe(42);
    const again = (): void => void box.run("globalThis.later = 1");
    const box: Sandbox = await createSandbox({ grant: { again } });
    expect(gave(await box.run("again(); typeof later"))).toBe("undefined");
    expect(gave(await box.run("later"))).toBe(1);
    box.dispose();
  });
});
