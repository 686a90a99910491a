// Copies asked for at bad moments, and with options that are none.
import { describe, expect, test } from "vitest";
import type { Sandbox } from "../../embed/node/index.ts";
import { interrupt, policy } from "../../policy-libs/index.ts";
import { cordon, createSandbox, gave } from "../embed/cordon.ts";
import { KEY } from "./kit.ts";

const value = async (box: Sandbox, source: string) => gave(await box.run(source));
const BUSY = { code: "E_BUSY" };
const GONE = { code: "E_DISPOSED" };

/** A host function that answers when the test says so. */
function newDoor() {
  const open: (() => void)[] = [];
  return { open, grant: { door: { knock: () => new Promise<void>((go) => void open.push(go)) } } };
}

describe("a copy that is asked for while a run goes on", () => {
  test("waits for it, and has what it did", async () => {
    const { open, grant } = newDoor();
    const box = await createSandbox({ grant });
    const running = box.run("globalThis.n = 1; await door.knock(); globalThis.n = 2");
    await expect.poll(() => open.length).toBe(1);
    const copies = [box.fork(), box.snapshot()] as const;
    setTimeout(() => open[0]?.(), 50);
    const [twin, bytes] = await Promise.all(copies);
    const back = await createSandbox({ from: bytes, grant });
    expect([gave(await running), await value(twin, "n"), await value(back, "n")]).toEqual([2, 2, 2]);
  });

  test("keeps its place: runs that were asked for later are not in it", async () => {
    const box = await createSandbox();
    const first = box.run("globalThis.n = 1");
    const copy = box.fork();
    const second = box.run("globalThis.n = 2");
    expect([gave(await first), await value(await copy, "n"), gave(await second)]).toEqual([1, 1, 2]);
  });

  test("is refused E_BUSY when it takes longer than `wait`; the sandbox goes on", async () => {
    const { open, grant } = newDoor();
    const box = await createSandbox({ grant });
    const running = box.run("await door.knock(); 5");
    await expect.poll(() => open.length).toBe(1);
    const begun = performance.now();
    const refused = [box.fork({ wait: 60 }), box.snapshot({ wait: 60 })].map((one) =>
      expect(one).rejects.toMatchObject(BUSY),
    );
    await Promise.all(refused);
    expect(performance.now() - begun).toBeLessThan(5_000);
    await expect(box.hibernate({ wait: 20 })).rejects.toMatchObject(BUSY);
    open[0]?.();
    expect(gave(await running)).toBe(5);
    expect(await value(await box.fork(), "6")).toBe(6);
  });

  test("of a run that computes for long waits without holding up anybody", async () => {
    const box = await createSandbox();
    const running = box.run("let s = 0; for (let i = 0; i < 3e6; i++) s += i; s");
    const twin = await box.fork({ wait: 30_000 });
    expect([await value(twin, "s"), gave(await running)]).toEqual([4499998500000, 4499998500000]);
  });

  test("of a run that is interrupted is refused E_BUSY, until it is resumed", async () => {
    const grant = { ask: async () => interrupt("may I?") };
    const box = await createSandbox({ grant });
    const result = await box.run("await ask()");
    if (result.status !== "interrupted") throw new Error(result.status);
    await expect(box.fork({ wait: 30 })).rejects.toMatchObject(BUSY);
    await expect(box.snapshot({ wait: 0 })).rejects.toMatchObject(BUSY);
    await expect(box.hibernate({ wait: 20 })).rejects.toMatchObject(BUSY);
    expect(gave(await result.continuation.resume("yes"))).toBe("yes");
    expect(await value(await box.fork(), "1")).toBe(1);
  });
});

describe("a copy of a sandbox that is over", () => {
  test.each([
    ["was disposed", async (box: Sandbox) => box.dispose()],
    ["ran out of fuel", async (box: Sandbox) => void (await box.run("for (;;);", { limits: { fuel: 1e6 } }))],
  ])("is refused E_DISPOSED: it %s", async (_how, end) => {
    const box = await createSandbox();
    await end(box);
    await expect(box.fork()).rejects.toMatchObject(GONE);
    await expect(box.snapshot()).rejects.toMatchObject(GONE);
  });

  test("is refused when that happens while it waits", async () => {
    const { open, grant } = newDoor();
    const box = await createSandbox({ grant });
    const running = box.run("await door.knock()");
    await expect.poll(() => open.length).toBe(1);
    const copy = expect(box.fork()).rejects.toMatchObject(GONE);
    box.dispose();
    await copy;
    expect((await running).status).toBe("aborted");
  });

  test("lives on, and a template's forks as well", async () => {
    const box = await createSandbox();
    await box.run("globalThis.n = 4");
    const twin = await box.fork();
    box.dispose();
    expect(await value(twin, "n")).toBe(4);
    expect(await value(await twin.fork(), "n")).toBe(4);
  });
});

describe("many copies at once", () => {
  test("beyond the queue are refused E_BUSY; a thousand of a template are made", async () => {
    const box = await createSandbox();
    const made = await Promise.allSettled(Array.from({ length: 70 }, () => box.fork()));
    const [done, refused] = [
      made.filter(({ status }) => status === "fulfilled"),
      made.filter(({ status }) => status === "rejected"),
    ];
    expect([done.length, refused.length]).toEqual([65, 5]);
    for (const one of refused) expect((one as PromiseRejectedResult).reason).toMatchObject(BUSY);
    for (const one of done) (one as PromiseFulfilledResult<Sandbox>).value.dispose();
    const template = await cordon.createTemplate({ source: "globalThis.n = 1" });
    const all = await Promise.all(Array.from({ length: 1_000 }, () => template.fork()));
    const seen = await Promise.all(all.map((each, i) => value(each, `n += ${i}`)));
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    for (const each of all) each.dispose();
  }, 240_000);

  test("of a sandbox that sleeps wake it once and leave it as it was", async () => {
    const box = await createSandbox();
    await box.run("globalThis.n = 3");
    await box.hibernate();
    const copies = await Promise.all([box.fork(), box.snapshot(), box.fork(), box.fork()]);
    expect(await value(copies[0], "n")).toBe(3);
    expect(await value(copies[3], "n += 1")).toBe(4);
    expect(await value(box, "n")).toBe(3);
  });
});

describe("wrong options", () => {
  const bad = (given: unknown) => given as never;

  test.each([
    [{ wait: "1" }],
    [{ wait: -1 }],
    [{ wait: Number.NaN }],
    [{ nothing: 1 }],
    [{ policy: policy.text("policy p over x.* { default allow }") }],
    [{ modules: {} }],
    [{ virtual: true }],
    [{ confinement: "segment" }],
    [{ console: "loud" }],
    [{ trace: 1 }],
    [{ meter: {} }],
    [{ audit: { to: 1 } }],
    [5],
    [null],
    [new Map()],
    [[]],
  ])("of a fork are refused with a code: %j", async (options) => {
    const box = await createSandbox();
    const template = await cordon.createTemplate({});
    await expect(box.fork(bad(options))).rejects.toMatchObject({ name: "CordonError", code: "E_OPTION" });
    await expect(template.fork(bad(options))).rejects.toMatchObject({ name: "CordonError", code: "E_OPTION" });
    expect(await value(box, "1")).toBe(1);
  });

  test("what is undefined is not said", async () => {
    const box = await createSandbox({ grant: { f: () => 1 }, limits: { calls: 1 } });
    const twin = await box.fork({ grant: undefined, limits: undefined, console: undefined, wait: undefined });
    expect(await value(twin, "f()")).toBe(1);
  });

  test.each([[{ key: "0123456789abcdef" }], [{ key: new Uint8Array(15) }], [{ wait: "x" }], [{ to: 1 }], [7]])(
    "of a snapshot are refused with E_OPTION: %j",
    async (options) => {
      const box = await createSandbox();
      await expect(box.snapshot(bad(options))).rejects.toMatchObject({ name: "CordonError", code: "E_OPTION" });
    },
  );

  test("of a key are refused when a snapshot is read, and a key without a snapshot is a mistake", async () => {
    const bytes = await (await createSandbox()).snapshot({ key: KEY });
    for (const key of ["k", new Uint8Array(3), 5])
      await expect(createSandbox({ from: bytes, key: bad(key) })).rejects.toMatchObject({ code: "E_OPTION" });
    await expect(createSandbox({ key: KEY })).rejects.toMatchObject({ name: "CordonError", code: "E_OPTION" });
    const template = await cordon.createTemplate({});
    await expect(createSandbox({ from: template, key: KEY })).rejects.toMatchObject({ code: "E_OPTION" });
  });
});
