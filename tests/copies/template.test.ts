// Templates that begin from a snapshot or from another template.
import { describe, expect, test } from "vitest";
import type { PoolSandbox } from "../../embed/node/index.ts";
import { policy } from "../../policy-libs/index.ts";
import { cordon, createSandbox, gave } from "../embed/cordon.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const grant = { tools: { add: (a: number, b: number) => a + b } };
const value = async (box: Pick<PoolSandbox, "run">, source: string): Promise<unknown> => gave(await box.run(source));
const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { readonly code?: string }) => error.code,
  );

async function saved(source: string, more: object = {}) {
  await using box = await createSandbox({ grant, ...more });
  gave(await box.run(source));
  return { plain: await box.snapshot(), sealed: await box.snapshot({ key: KEY }) };
}

describe("a template", () => {
  test("of a snapshot goes on there, with a source of its own on top, and each fork on its own", async () => {
    const { plain, sealed } = await saved(
      "let n = tools.add(20, 1); const seen = []; setTimeout(() => seen.push('timer'), 30)",
    );
    for (const from of [{ from: plain }, { from: sealed, key: KEY }, { from: sealed }]) {
      const template = await cordon.createTemplate({ grant, ...from, source: "n = tools.add(n, 20)" });
      const [one, two] = await Promise.all([template.fork(), template.fork({ grant: { tools: { add: () => 7 } } })]);
      expect(await value(one, "[++n, tools.add(1, 2)]")).toEqual([42, 3]);
      expect(await value(two, "[n, tools.add(1, 2)]")).toEqual([41, 7]);
      expect(await value(one, "Math.random()")).not.toBe(await value(two, "Math.random()"));
      expect(await value(one, "await new Promise((go) => setTimeout(go, 60)); seen.join()")).toBe("timer");
      for (const box of [one, two]) box.dispose();
    }
  });

  test("of a template is its state and more; the other one stays as it was", async () => {
    const base = await cordon.createTemplate({
      grant,
      source: "globalThis.n = 1; globalThis.f = (x) => tools.add(x, n)",
    });
    const more = await cordon.createTemplate({ from: base, source: "n = 2; globalThis.own = true" });
    const third = await cordon.createTemplate({ from: more, source: "n += 10" });
    const results = [];
    for (const template of [base, more, third, base]) {
      await using box = await template.fork();
      results.push(await value(box, "[f(1), typeof own]"));
    }
    expect(results).toEqual([
      [2, "undefined"],
      [3, "boolean"],
      [13, "boolean"],
      [2, "undefined"],
    ]);
  });

  test("of a sealed snapshot remembers what its policy did: to make a template is no way to forget", async () => {
    const rules = policy.text("policy p over mail.*, net.* {\n default allow\n deny net.send when once mail.read\n}");
    const powers = { mail: { read: () => 1 }, net: { send: () => 1 } };
    const { plain, sealed } = await saved("mail.read()", { grant: powers, policy: rules });
    const send = "try { net.send() } catch (e) { e.code }";
    const how = { grant: powers, policy: rules };
    await using strict = await (await cordon.createTemplate({ ...how, from: sealed, key: KEY })).fork();
    expect(await value(strict, send)).toBe("E_DENIED");
    await using fresh = await (await cordon.createTemplate({ ...how, from: plain })).fork();
    expect(await value(fresh, send)).toBe(1);
    expect(await code(cordon.createTemplate({ grant: powers, from: sealed, key: KEY }))).toBe("E_POLICY");
  });

  test("of what is none is refused, and so is what a copy may not have", async () => {
    const { plain, sealed } = await saved("0");
    const base = await cordon.createTemplate({ grant });
    const wrong: readonly (readonly [object, string])[] = [
      [{ key: KEY }, "E_OPTION"],
      [{ from: base, key: KEY }, "E_OPTION"],
      [{ from: base, virtual: true }, "E_OPTION"],
      [{ from: base, grant: {} }, "E_GRANT"],
      [{ from: 5, grant }, "E_OPTION"],
      [{ from: plain, key: KEY, grant }, "E_SNAPSHOT"],
      [{ from: sealed, key: KEY.map((byte) => byte ^ 1), grant }, "E_SNAPSHOT"],
      [{ from: sealed.slice(0, 900), grant }, "E_SNAPSHOT"],
      [{ from: plain }, "E_GRANT"],
      [{ from: plain, grant, source: "throw 1" }, "E_TEMPLATE"],
    ];
    for (const [request, expected] of wrong)
      expect([request, await code(cordon.createTemplate(request))]).toEqual([request, expected]);
  });
});
