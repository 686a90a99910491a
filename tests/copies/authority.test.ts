// What a copy may do, who pays for it, and what is its own.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Grants } from "../../embed/capability.ts";
import type { AuditRecord, Sandbox } from "../../embed/node/index.ts";
import { capability, meter } from "../../policy-libs/index.ts";
import { cordon, createSandbox, gave } from "../embed/cordon.ts";
import { CELL, newGrants, SHOP } from "../embed/policy-world.ts";
import { COPYINGS, KEY } from "./kit.ts";

const names = Object.keys(COPYINGS);
const value = async (box: Sandbox, source: string) => gave(await box.run(source));
const code = "(e) => e.code";

describe("grants of a copy", () => {
  test("under the same names and contracts may be others: calls go there, also of functions kept before", async () => {
    const who = (name: string) => ({ tools: { who: () => name, add: (a: number, b: number) => `${name}${a + b}` } });
    const box = await createSandbox({ grant: who("a") });
    await box.run("globalThis.kept = tools.who; globalThis.t = tools");
    const twin = await box.fork({ grant: who("b") });
    const back = await createSandbox({ from: await box.snapshot(), grant: who("c") });
    for (const [each, name] of [
      [box, "a"],
      [twin, "b"],
      [back, "c"],
      [await twin.fork(), "b"],
    ] as const)
      expect(await value(each, "[kept(), t.add(1, 2), tools.who()]")).toEqual([name, `${name}3`, name]);
  });

  test.each<[string, Grants]>([
    ["missing", { a: () => 1 }],
    ["more", { a: () => 1, b: () => 2, c: () => 3 }],
    ["in another order", { b: () => 2, a: () => 1 }],
    ["of another contract", { a: () => 1, b: { x: () => 2 } }],
    ["of another name", { a: () => 1, d: () => 2 }],
    ["none", {}],
  ])("are refused when they are %s", async (_how, grant) => {
    const all = { a: () => 1, b: () => 2 };
    const box = await createSandbox({ grant: all });
    const template = await cordon.createTemplate({ grant: all });
    const [bytes, sealed] = [await box.snapshot(), await box.snapshot({ key: KEY })];
    const refused = { code: "E_GRANT", message: expect.stringMatching(/grant/) as string };
    await expect(box.fork({ grant })).rejects.toMatchObject(refused);
    await expect(template.fork({ grant })).rejects.toMatchObject(refused);
    await expect(createSandbox({ from: bytes, grant })).rejects.toMatchObject(refused);
    await expect(createSandbox({ from: sealed, key: KEY, grant })).rejects.toMatchObject(refused);
    expect(await value(box, "a() + b()")).toBe(3);
  });

  test("that take capabilities and are revoked in one place are revoked in all copies", async () => {
    const { grant } = newGrants();
    const box = await createSandbox({ grant });
    const twin = await box.fork();
    expect(await value(twin, "shop.cell().get()")).toBe("c");
    expect(await value(twin, "shop.echo(shop.cell()).get()")).toBe("c");
  });
});

describe("what the original got by calls", () => {
  test.each(names)("is dead in a copy by %s, and is never another capability", async (name) => {
    const cell = (label: string) => capability(CELL, { get: () => label, later: async () => label });
    let next = 0;
    const shop = capability(SHOP, {
      cell: () => cell(`cell${next++}`) as never,
      echo: (given) => given as never,
      put: async () => "",
    });
    const options = { grant: { shop } };
    const box = await createSandbox(options);
    await box.run("globalThis.cells = [shop.cell(), shop.cell(), shop.cell()]; cells[1].get()");
    const twin = await COPYINGS[name]!(box, options);
    const dead = "(c) => { try { return c.get() } catch (e) { return e.code } }";
    expect(await value(twin, `cells.map(${dead})`)).toEqual(["E_HANDLE", "E_HANDLE", "E_HANDLE"]);
    expect(
      await value(twin, `globalThis.own = [shop.cell(), shop.cell(), shop.cell(), shop.cell()]; own.map(${dead})`),
    ).toEqual(["cell3", "cell4", "cell5", "cell6"]);
    expect(await value(twin, `cells.map(${dead})`)).toEqual(["E_HANDLE", "E_HANDLE", "E_HANDLE"]);
    const passed = "await shop.put(1, cells[0]).then(() => 'passed', (e) => e.code)";
    expect(await value(twin, passed)).toBe("E_HANDLE");
    expect(await value(box, `cells.map(${dead})`)).toEqual(["cell0", "cell1", "cell2"]);
  });
});

describe("calls in flight", () => {
  test.each(names)("end with E_FORKED in a copy by %s, and in the original as ever", async (name) => {
    const open: ((value: number) => void)[] = [];
    const options = { grant: { tools: { ask: () => new Promise<number>((go) => void open.push(go)) } } };
    const box = await createSandbox(options);
    await box.run(`globalThis.all = [1, 2, 3].map(() => tools.ask().catch(${code})); 0`);
    const twin = await COPYINGS[name]!(box, options);
    expect(await value(twin, "await Promise.all(all)")).toEqual(["E_FORKED", "E_FORKED", "E_FORKED"]);
    expect(open).toHaveLength(3);
    // New calls of the copy have numbers of their own: what the original's were answered is nothing to them.
    const late = twin.run("await tools.ask()");
    for (const [i, go] of open.splice(0, 3).entries()) go(i);
    expect(await value(box, "await Promise.all(all)")).toEqual([0, 1, 2]);
    await expect.poll(() => open.length).toBe(1);
    open[0]?.(7);
    expect(gave(await late)).toBe(7);
  });
});

describe("random numbers", () => {
  const draw = (box: Sandbox) =>
    value(box, "[Math.random(), Math.random()].join() + crypto?.randomUUID?.()").catch(() => "");
  const numbers = (box: Sandbox) => value(box, "Array.from({ length: 70 }, () => Math.random()).join()");

  test.each([[false], [true]])("are others in every copy and in the original; virtual: %s", async (virtual) => {
    const options = { virtual };
    const box = await createSandbox(options);
    await draw(box); // some bytes are at hand
    const other = virtual ? { virtual: { seed: "other" } } : options; // from the same seed comes the same
    const template = await cordon.createTemplate({ ...other, source: "Math.random()" });
    const copies = [box, await box.fork(), await box.fork(), await (await box.fork()).fork()];
    const bytes = await box.snapshot();
    copies.push(await createSandbox({ ...options, from: bytes }), await template.fork(), await template.fork());
    const seen = await Promise.all(copies.map(numbers));
    expect(new Set(seen).size).toBe(copies.length);
  });

  test("of virtual copies are the same when all is done again", async () => {
    const once = async (): Promise<unknown[]> => {
      const box = await createSandbox({ virtual: { seed: "s" } });
      const [a, b] = [await box.fork(), await box.fork()];
      const back = await createSandbox({ virtual: { seed: "s" }, from: await box.snapshot({ key: KEY }), key: KEY });
      return Promise.all([box, a, b, await a.fork(), back].map(numbers));
    };
    expect(await once()).toEqual(await once());
  });

  test("stay others when the guest has no memory left", async () => {
    const box = await createSandbox({ limits: { memory: "4 MiB" } });
    await box.run("Math.random(); globalThis.hog = []; try { for (;;) hog.push(new Uint8Array(512)) } catch {} 0");
    const [a, b] = [await box.fork(), await box.fork()];
    const few = async (of: Sandbox) => {
      await of.run("hog.length = 100; 0");
      return numbers(of);
    };
    expect(new Set([await few(a), await few(b), await few(box)]).size).toBe(3);
  });
});

describe("who pays", () => {
  test("forks are billed to the tenant of their original, each as a sandbox of its own", async () => {
    const acme = meter({ name: "acme" });
    const box = await createSandbox({ meter: acme });
    const before = acme.totals().fuel;
    const twin = await box.fork();
    const { usage } = await twin.run("let s = 0; for (let i = 0; i < 1e4; i++) s += i; s");
    expect(acme.totals().fuel - before).toBeGreaterThanOrEqual(usage.fuel);
    expect(acme.usage().domains).toBe(2);
    twin.dispose();
    box.dispose();
    expect([acme.usage().domains, acme.usage().memory]).toEqual([0, 0]);
  });

  test("a tenant's limit of domains and memory holds for forks of sandboxes and templates; what fails costs nothing", async () => {
    const acme = meter({ name: "acme", limits: { domains: 2 } });
    const box = await createSandbox({ meter: acme });
    const template = await cordon.createTemplate({ source: "0" });
    const twin = await box.fork();
    const over = { code: "E_LIMIT" };
    await expect(box.fork()).rejects.toMatchObject(over);
    await expect(template.fork({ meter: acme })).rejects.toMatchObject(over);
    expect(acme.usage().domains).toBe(2);
    twin.dispose();
    const other = await template.fork({ meter: acme });
    expect([acme.usage().domains, await value(other, "1 + 1")]).toEqual([2, 2]);
    expect(acme.bill({ fuel: 1 }).parts).toHaveLength(2);
  });

  test("a fork may have other limits; memory that is less than it has is refused", async () => {
    const box = await createSandbox({ limits: { memory: "32 MiB" } });
    await box.run("globalThis.big = new Uint8Array(8 * 2 ** 20).fill(7); 0");
    const small = await box.fork({ limits: { memory: "32 MiB", fuel: 1e6, calls: 0 } });
    expect(await value(small, "big.reduce === undefined ? 0 : big[5]")).toBe(7);
    expect(await small.run("for (;;);")).toMatchObject({ status: "exhausted", resource: "fuel" });
    await expect(box.fork({ limits: { memory: "4 MiB" } })).rejects.toMatchObject({ code: "E_LIMIT" });
    expect(await value(box, "big[5]")).toBe(7);
  });
});

describe("what is told of a copy", () => {
  test("each has a console, a trace and audits of its own, under the names of its grants", async () => {
    const [lines, traced, records]: [string[], unknown[], AuditRecord[]] = [[], [], []];
    const grant = { tools: { add: (a: number, b: number) => a + b } };
    const box = await createSandbox({ grant, console: "collect" });
    const twin = await box.fork({
      console: (_level, text) => void lines.push(text),
      trace: (record) => traced.push(record),
      audit: { to: (record) => records.push(record), name: "twin" },
    });
    const source = "console.log('hello'); tools.add(1, 2)";
    const [one, two] = [await box.run(source), await twin.run(source)];
    expect([one.console, two.console, lines]).toEqual([[{ level: "log", text: "hello" }], [], ["hello"]]);
    expect(traced).toHaveLength(1);
    const call = { name: "twin", capability: "tools", call: "add", decision: "allowed" };
    expect(records.filter((record) => "call" in record)).toMatchObject([call]);
  });
});

describe("the generations of handles", () => {
  prop.prop([fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 })], { numRuns: 15 })(
    "of copies of copies stay apart from those that any of them had",
    async (kinds) => {
      const { grant } = newGrants();
      let box = await createSandbox({ grant });
      await box.run("globalThis.all = []; 0");
      const tries = "all.map((c) => { try { return c.get() } catch (e) { return e.code } })";
      let alive = 0;
      for (const kind of kinds) {
        if (kind < 2) await box.run("all.push(shop.cell()); 0");
        if (kind < 2) alive++;
        if (kind === 2) await box.run("shop.cell(); 0");
        if (kind < 3) continue;
        box = await box.fork();
        alive = 0;
        const seen = (await value(box, tries)) as string[];
        expect(seen.every((one) => one === "E_HANDLE")).toBe(true);
      }
      const seen = (await value(box, tries)) as string[];
      expect(seen.filter((one) => one === "c")).toHaveLength(alive);
    },
  );
});
