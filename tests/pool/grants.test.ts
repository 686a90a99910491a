// Capabilities over a channel: what a pool's guests are granted, pass on and offer, wherever they live.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callSignal, type Isolation, type Pool, type Result } from "../../embed/node/index.ts";
import {
  arg,
  capability,
  contract,
  type GrantedOf,
  handle,
  integer,
  interrupt,
  list,
  nothing,
  pipe,
  policy,
  record,
  revocable,
  string,
  tree,
  whenUnused,
} from "../../policy-libs/index.ts";
import { ISOLATIONS, poolOf, sleep } from "./world.ts";

const COUNTER = contract({
  name: "counter",
  allows: "counting",
  never: "anything else",
  calls: {
    next: { takes: [], gives: integer(), refuses: ["E_FULL"], mode: "sync" },
    nextLater: { takes: [], gives: integer(), refuses: [] },
    twin: { takes: [], gives: handle("counter"), refuses: [], mode: "sync" },
  },
});
const HOLDER = contract({
  name: "holder",
  allows: "",
  never: "",
  calls: {
    counters: { takes: [arg("count", integer())], gives: list(handle(COUNTER)), refuses: [], mode: "sync" },
    sum: { takes: [arg("of", list(handle(COUNTER)))], gives: integer(), refuses: "any" },
    keep: { takes: [arg("one", record({ name: string(), counter: handle(COUNTER) }))], gives: nothing(), refuses: [] },
    wrong: { takes: [], gives: integer(), refuses: [], mode: "sync" },
  },
});

type Counter = GrantedOf<typeof COUNTER>;
const counter = (start = 0, onUnused: () => void = () => undefined): Counter => {
  let n = start;
  const made: Counter = capability(COUNTER, {
    next: () => ++n,
    nextLater: async () => {
      await sleep(2);
      return ++n;
    },
    twin: () => counter(n, onUnused) as never,
  });
  return whenUnused(made, onUnused);
};

const kept: { name: string; counter: Counter }[] = [];
const holder = () =>
  capability(HOLDER, {
    counters: (count) => Array.from({ length: count }, (_, i) => counter(i * 10)),
    sum: async (of) => {
      let sum = 0;
      for (const one of of) sum += (await one.functions.next()) as number;
      return sum;
    },
    keep: (one) => void kept.push(one as (typeof kept)[number]),
    wrong: () => "no number" as never,
  });

const gave = (result: Result): unknown => {
  expect(result).toMatchObject({ status: "returned" });
  return (result as { value?: unknown }).value;
};

describe.for(ISOLATIONS)("%s: capabilities", (isolation: Isolation) => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await poolOf({ isolation });
  });
  afterAll(() => pool.dispose());

  test("under a contract are called as its modes say", async () => {
    const source = "const a = c.next(); const p = c.nextLater(); [a, p instanceof Promise, await p, c.next()]";
    expect(gave(await pool.run({ source, grant: { c: counter() } }))).toEqual([1, true, 2, 3]);
  });

  test("come in results, and go back as what they are", async () => {
    const source = `
      const [a, b] = h.counters(2);
      const twin = a.twin();
      [a.next(), b.next(), twin.next(), await h.sum([a, b, twin])]`;
    expect(gave(await pool.run({ source, grant: { h: holder() } }))).toEqual([1, 11, 1, 2 + 12 + 2]);
  });

  test("are offered by guests, and called back while their guest waits for them", async () => {
    const source = `
      let n = 5;
      const mine = { next: () => ++n, nextLater: async () => ++n, twin: () => mine };
      [await h.sum([mine, mine]), n]`;
    expect(gave(await pool.run({ source, grant: { h: holder() } }))).toEqual([13, 7]);
  });

  test("that a guest has offered live as long as it, and are revoked with it", async () => {
    kept.length = 0;
    const box = await pool.createSandbox({ grant: { h: holder() } });
    await box.run(
      "let n = 0; await h.keep({ name: 'mine', counter: { next: () => ++n, nextLater: async () => ++n, twin: () => ({}) } })",
    );
    const [{ counter: theirs }] = kept as [(typeof kept)[number]];
    expect(await theirs.functions.nextLater()).toBe(1);
    expect(await theirs.functions.nextLater()).toBe(2);
    await expect(theirs.functions.twin())
      .rejects.toMatchObject({ name: "Error" })
      .catch(() => undefined);
    box.dispose();
    await sleep(20);
    await expect(theirs.functions.next()).rejects.toMatchObject({ code: "E_REVOKED" });
  });

  test("that break their contract are revoked, and say so", async () => {
    const source =
      "const codes = []; for (let i = 0; i < 2; i++) try { h.wrong() } catch (e) { codes.push(e.code) } codes";
    expect(gave(await pool.run({ source, grant: { h: holder() } }))).toEqual(["E_TARGET", "E_REVOKED"]);
  });

  test("that are revoked are dead at once: calls in flight answer, and later ones too", async () => {
    const slow = capability(COUNTER, {
      next: () => 1,
      nextLater: () => sleep(60_000).then(() => 1),
      twin: () => counter() as never,
    });
    const { granted, revoke } = revocable(slow);
    const running = pool.run({
      source:
        "const codes = []; for (let i = 0; i < 2; i++) try { await c.nextLater() } catch (e) { codes.push(e.code) } codes",
      grant: { c: granted },
    });
    await sleep(100);
    revoke();
    expect(gave(await running)).toEqual(["E_REVOKED", "E_REVOKED"]);
  });

  test("that a guest lets go are unused, in the end all of them", async () => {
    let unused = 0;
    const made = capability(HOLDER, {
      ...{ sum: () => 0, keep: () => undefined, wrong: () => 0 },
      counters: (count) => Array.from({ length: count }, () => counter(0, () => unused++)),
    });
    await using box = await pool.createSandbox({ grant: { h: made } });
    await box.run("let all = h.counters(50); all.length");
    expect(unused).toBe(0);
    box.dispose();
    await expect.poll(() => unused).toBe(50);
  });

  test("are told when nobody wants their result any more", async () => {
    const dropped = Promise.withResolvers<string>();
    const grant = {
      wait: () => {
        const signal = callSignal();
        signal.addEventListener("abort", () => dropped.resolve("dropped"));
        return sleep(60_000);
      },
    };
    const stop = new AbortController();
    const running = pool.run({ source: "await wait()", grant, signal: stop.signal });
    await sleep(100);
    stop.abort();
    expect(await running).toMatchObject({ status: "aborted" });
    expect(await dropped.promise).toBe("dropped");
  });

  test("of policy libraries work: files and pipes", async () => {
    const { reader, writer } = pipe();
    const source = `
      for (let i = 0; i < 3; i++) await writer.write(new Uint8Array([i]));
      const text = await files.readText("a.txt");
      [text, (await reader.read(10)).length]`;
    const grant = { reader, writer, files: tree({ "a.txt": "hello" }) };
    expect(gave(await pool.run({ source, grant }))).toEqual(["hello", 3]);
  });

  test("stop a run with a question, and go on with the answer", async () => {
    const grant = { ask: (text: string) => interrupt(text) };
    const source =
      "console.log('a'); const one = await ask('1?'); const two = await ask('2?'); console.log('b'); one + two";
    let result = await pool.run({ source, grant });
    const asked: unknown[] = [];
    while (result.status === "interrupted") {
      asked.push(result.question);
      result = await result.continuation.resume(`${asked.length}!`);
    }
    expect(asked).toEqual(["1?", "2?"]);
    expect(gave(result)).toBe("1!2!");
    expect(result.console.map(({ text }) => text)).toEqual(["a", "b"]);
  });

  test("are audited and traced: every call once, those that are refused too", async () => {
    const [audited, traced]: [string[], string[]] = [[], []];
    const grant = { c: counter(), tools: { later: async () => 1, fail: () => Promise.reject(new Error("no")) } };
    const source = "c.next(); await tools.later(); await tools.fail().catch(() => 0); try { c.next(1) } catch {} 1";
    const result = await pool.run({
      ...{ source, grant },
      audit: {
        to: (record) => "call" in record && audited.push(`${record.capability}.${record.call} ${record.decision}`),
      },
      trace: ({ contract: of, call, decision }) => traced.push(`${of}.${call} ${decision}`),
    });
    expect(gave(result)).toBe(1);
    expect(audited).toEqual(["c.next allowed", "tools.later allowed", "tools.fail failed", "c.next refused"]);
    expect(traced).toEqual(["counter.next done", "tools.later pending", "tools.fail pending", "counter.next refused"]);
  });

  test("under a policy are judged here, whatever runs there", async () => {
    const grant = { tools: { read: () => "secret", send: () => "sent" } };
    const rules = policy.text(
      'policy shy over tools.* {\n default allow\n deny tools.send when once tools.read because "it knows"\n}',
    );
    const source =
      "const first = tools.send(); tools.read(); let code; try { tools.send() } catch (e) { code = e.code } [first, code]";
    expect(gave(await pool.run({ source, grant, policy: rules }))).toEqual(["sent", "E_DENIED"]);
  });
});
