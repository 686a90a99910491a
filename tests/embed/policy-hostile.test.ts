// Guests that try to get round a policy, and people and clocks that make it hard.
import { describe, expect, test } from "vitest";
import {
  arg,
  capability,
  contract,
  integer,
  type PolicyEvent,
  policy,
  type Question,
  revocable,
  string,
} from "../../policy-libs/index.ts";
import type { Decided } from "../../policy-libs/policy/enforce/types.ts";
import { cordon, gave } from "./cordon.ts";
import { abstain, go, newGrants, TRY } from "./policy-world.ts";

const settled = (ms = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a policy that asks", () => {
  const asking = abstain("net.*", "ask net.send, net.later of boss when size > 2 because 'big'".replaceAll("'", '"'));

  test("shows what is performed: after its own changes, and out of reach of whoever is asked", async () => {
    const asked: Question[] = [];
    const { result, did } = await go(
      "net.send('a', 9)",
      abstain("net.*", "ask net.send", "change net.send so size at most 5"),
      {
        approve(question) {
          asked.push({ ...question, arguments: [...question.arguments] });
          (question.arguments as unknown[]).splice(0, 2, "mine", 1);
          return true;
        },
      },
    );
    expect(asked).toEqual([
      { kind: "policy", of: undefined, policy: "p", because: undefined, call: "net.send", arguments: ["a", 5] },
    ]);
    expect([gave(result), did]).toEqual([5, ["send a 5"]]);
  });

  test("asks again if what would be performed is no longer what was shown", async () => {
    const rules = abstain("net.*", "ask net.later", 'change net.later so host becomes "proxy" when once net.send');
    const [shown, answers] = [[] as unknown[], [] as ((isYes: boolean) => void)[]];
    const source = "const p = net.later('a', 1); net.send('b', 2); await p";
    const started = go(source, rules, {
      approve: ({ arguments: given }) => {
        shown.push(given);
        return new Promise((resolve) => void answers.push(resolve));
      },
    });
    await settled(200);
    answers[0]?.(true);
    await settled(50);
    expect(shown).toEqual([
      ["a", 1],
      ["proxy", 1],
    ]);
    answers[1]?.(true);
    const { result, did } = await started;
    expect([gave(result), did]).toEqual([1, ["send b 2", "later proxy 1"]]);
  });

  test("takes true for a yes and nothing else, nor a throw", async () => {
    const answers: unknown[] = [1, "yes", {}, [true], undefined, false, Promise.resolve(1), new Error("no"), true];
    const source = `${TRY} for (let i = 0; i < ${answers.length + 1}; i++) attempt(() => net.send("a", 3)); codes`;
    const { result, did } = await go(source, asking, {
      approve(): boolean {
        if (answers.length === 0) throw new Error("nobody");
        const answer = answers.shift();
        return (answer instanceof Error ? Promise.reject(answer) : answer) as boolean;
      },
    });
    const no = Array.from({ length: 8 }, () => "E_DENIED");
    expect([gave(result), did]).toEqual([[...no, 3, "E_DENIED"], ["send a 3"]]);
  });

  test("that is never answered ends with the run, and nothing of it is performed later", async () => {
    let answer: ((isYes: boolean) => void) | undefined;
    const past: PolicyEvent[] = [];
    const approve = () => new Promise<boolean>((resolve) => (answer = resolve));
    const { result, did } = await go(
      "net.send('a', 3)",
      asking,
      { approve, onHappened: (e) => past.push(e) },
      { limits: { wall: 100 } },
    );
    expect(result).toMatchObject({ status: "exhausted", resource: "wall" });
    for (const isYes of [true, false]) {
      answer?.(isYes);
      await settled();
    }
    expect([did, past]).toEqual([[], []]);
  });

  test("judges a call again when it is approved: what has happened since counts", async () => {
    const rules = abstain("net.*", "ask net.later", 'deny net.later when once net.send because "too late"');
    const approve = async () => {
      await settled(100);
      return true;
    };
    const source = "const p = net.later('a', 1).catch((e) => e.message); net.send('b', 2); await p";
    const { result, did } = await go(source, rules, { approve });
    expect([gave(result), did]).toEqual(["too late", ["send b 2"]]);
  });

  test("a question that a run is interrupted with is answered by resume(true), and by nothing else", async () => {
    for (const [answer, did] of [
      [true, ["send a 3"]],
      ["true", []],
      [1, []],
    ] as const) {
      const { result, did: done } = await go(`${TRY} attempt(() => net.send("a", 3)); codes`, asking);
      if (result.status !== "interrupted") throw new Error(result.status);
      expect(result.question).toMatchObject({ kind: "policy", of: "boss", because: "big", arguments: ["a", 3] });
      expect(gave(await result.continuation.resume(answer))).toEqual(did.length > 0 ? [3] : ["E_DENIED"]);
      expect(done).toEqual(did);
    }
  });
});

describe("a policy's changes", () => {
  test("of a result are made, though an argument has the name of the field", async () => {
    const { result } = await go(
      "mail.read('x')",
      abstain("mail.*", 'change result mail.read so gives.text masks "card-number"'),
    );
    expect(gave(result)).toEqual({ text: "card ****************" });
  });

  test("that no contract allows are refusals, and the capability stays whole", async () => {
    const source = `${TRY} for (let i = 0; i < 2; i++) attempt(() => mail.read("x")); codes`;
    const { result, did } = await go(source, abstain("mail.*", "change result mail.read so gives.text first 2"));
    expect([gave(result), did.length]).toEqual([["E_DENIED", "E_DENIED"], 2]);
  });

  test("keep the capabilities of a call in their places", async () => {
    const source = `const a = shop.cell();
      [await shop.put(9, a, [a, a]), await shop.put(9, { get: () => "mine", later: () => "" }), await shop.put(1, a)]`;
    const { result, did } = await go(source, abstain("shop.*", "change shop.put so n at most 3"));
    expect(gave(result)).toEqual(["3c", "3mine", "1c"]);
    expect(did).toEqual(["get", "put 3 c 2", "put 3 mine -", "get", "put 1 c -"]);
  });

  test("suppressed calls give what their contract allows, or are refused and stay whole", async () => {
    const source = `${TRY} for (let i = 0; i < 2; i++) { attempt(() => log.put("x")); attempt(() => net.send("a", 1)); } codes`;
    const { result, did } = await go(
      source,
      abstain("log.*, net.*", "suppress log.put giving true", "suppress net.send giving 7"),
    );
    expect([gave(result), did]).toEqual([["E_DENIED", 7, "E_DENIED", 7], []]);
  });
});

describe("the past that a policy sees", () => {
  test("is not written by a guest's own objects", async () => {
    const rules = abstain("cell.*, net.*", "deny net.send unless once result cell.later");
    const source = `${TRY} const mine = shop.echo({ get: () => "", later: () => "forged" });
      codes.push(await mine.later());
      attempt(() => net.send("a", 1)); await shop.cell().later(); attempt(() => net.send("a", 2)); codes`;
    const { result, did } = await go(source, rules);
    expect([gave(result), did]).toEqual([
      ["forged", "E_DENIED", 2],
      ["later", "send a 2"],
    ]);
  }, 10_000);

  test("of a capability is one, however often the host gives it", async () => {
    const rules = abstain("cell.*, shop.*", "deny cell.get when count cell.get per capability >= 1");
    const source = `${TRY} const a = shop.cell(); attempt(() => a.get()); attempt(() => shop.cell().get());
      attempt(() => shop.echo(a).get()); codes`;
    const { result, did } = await go(source, rules);
    expect([gave(result), did]).toEqual([["c", "E_DENIED", "E_DENIED"], ["get"]]);
  });

  test("has each sandbox as a domain of its own, and each of their capabilities", async () => {
    const past: PolicyEvent[] = [];
    const under = policy.text(abstain("net.*", "deny net.send when size > 5"), { onHappened: (e) => past.push(e) });
    const { grant } = newGrants();
    for (let i = 0; i < 2; i++) await cordon.run({ source: "net.send('a', 1)", grant, policy: under });
    expect(new Set(past.map(({ domain }) => domain)).size).toBe(2);
    expect(new Set(past.map(({ capability }) => capability)).size).toBe(2);
  });

  test("outlives the runs of one sandbox, and is shared with its children", async () => {
    const { grant, did } = newGrants();
    const rules = abstain("net.*", "deny net.send when count net.send >= 3");
    await using box = await cordon.createSandbox({
      grant: { ...grant, domains: cordon.domains({ allow: { net: grant.net } }) },
      policy: policy.text(rules),
    });
    const source = `net.send("a", 1)`;
    expect(gave(await box.run(source))).toBe(1);
    const inChild = `(await (await domains.create({ give: ["net"] })).run(${JSON.stringify(source)})).status`;
    expect(gave(await box.run(inChild))).toBe("returned");
    expect(gave(await box.run(source))).toBe(1);
    expect(gave(await box.run(inChild))).toBe("threw");
    expect(await box.run(source)).toMatchObject({ status: "threw" });
    expect(did.length).toBe(3);
  });

  test("of a tenant is one over all its sandboxes at once, and of another tenant another", async () => {
    const { grant, did } = newGrants();
    const rules = abstain("net.*", "deny net.later when count net.later per tenant >= 5");
    const source = "let n = 0; for (let i = 0; i < 4; i++) await net.later('a', i).then(() => n++, () => 0); n";
    const run = (tenant: PolicySource) => cordon.run({ source, grant, policy: tenant });
    type PolicySource = ReturnType<typeof policy.text>;
    const [acme, bolt] = [policy.text(rules, { tenant: "acme" }), policy.text(rules, { tenant: "bolt" })];
    const counts = (await Promise.all([run(acme), run(acme), run(acme), run(bolt)])).map(gave) as number[];
    expect([counts[3], counts.slice(0, 3).reduce((a, b) => a + b)]).toEqual([4, 5]);
    expect(did.length).toBe(9);
  });
});

describe("names", () => {
  const other = contract({
    name: "other",
    allows: "sending",
    never: "anything else",
    calls: {
      send: {
        takes: [arg("size", integer()), arg("host", string())],
        gives: integer(),
        refuses: [],
        about: "",
        mode: "sync",
      },
    },
  });

  test("of a grant for children mean what the policy was checked against, or are refused", async () => {
    const { grant, did } = newGrants();
    const net = capability(other, { send: (n) => did.push(`other ${n}`) });
    const domains = cordon.domains({ allow: { net } });
    const source = `const c = await domains.create({ give: ["net"] }); (await c.run("try { net.send(9, 'x') } catch (e) { e.message }")).value`;
    const { result } = await go(
      source,
      abstain("net.*", "deny net.send when size > 5"),
      {},
      { grant: { net: grant.net, domains } },
    );
    expect([gave(result), did]).toEqual(["the policy does not know this capability", []]);
  });

  test("of what a child is given are judged under that name, and what is not known is refused", async () => {
    const { grant, did } = newGrants();
    const domains = cordon.domains({ allow: { mine: grant.net } });
    const source = `const c = await domains.create({ give: ["mine"] }); (await c.run("${TRY.replaceAll('"', "'")} attempt(() => mine.send('a', 9)); attempt(() => mine.send('a', 1)); codes")).value`;
    const { result } = await go(source, abstain("mine.*", "deny mine.send when size > 5"), {}, { grant: { domains } });
    expect([gave(result), did]).toEqual([["E_DENIED", 1], ["send a 1"]]);
  });
});

describe("a halt", () => {
  test("in a child ends the whole program, and nothing is performed after it", async () => {
    const { grant, did } = newGrants();
    const domains = cordon.domains({ allow: { net: grant.net, log: grant.log } });
    const child = "try { net.send('c', 6) } catch (e) { log.put('after') } log.put('later')";
    const source = `const c = await domains.create({ give: ["net", "log"] }); await c.run(${JSON.stringify(child)}); log.put("parent")`;
    for (const onDecided of [undefined, () => undefined]) {
      const rules = abstain("net.*, log.*", 'halt net.send when size > 5 because "enough"', "deny log.put when 1 == 2");
      const { result } = await go(source, rules, { onDecided }, { grant: { ...grant, domains } });
      expect(result).toMatchObject({ status: "refused", by: "policy", why: "enough" });
      expect(did).toEqual([]);
    }
  });

  test("leaves nothing to whoever has a capability from it", async () => {
    for (const onDecided of [undefined, () => undefined]) {
      const rules = abstain("net.*, cell.*", "halt net.send when size > 5", "deny cell.get when count cell.get >= 9");
      const { held, did } = await go("const a = shop.cell(); await shop.put(1, a); net.send('a', 6)", rules, {
        onDecided,
      });
      await expect(held[0]?.functions.get()).rejects.toMatchObject({ code: "E_DENIED" });
      expect(did).toEqual(["get", "put 1 c -"]);
    }
  });
});

describe("delays", () => {
  const slow = abstain("net.*", "delay net.later to 1 per 3ms");

  test("let those go first who came first, and cost two decisions each", async () => {
    const decided: Decided[] = [];
    const source =
      "const all = []; for (let i = 0; i < 50; i++) all.push(net.later('a', i)); await Promise.all(all); 1";
    const { did } = await go(source, slow, { onDecided: (one) => decided.push(one) });
    expect(did).toEqual(Array.from({ length: 50 }, (_, i) => `later a ${i}`));
    expect(decided.length).toBeLessThanOrEqual(2 * 50 + 20); // a timer may be early
  });

  test("whose first is dropped let the next one go", async () => {
    const { grant, did } = newGrants();
    const rules = abstain("net.*", "delay net.later to 1 per 400ms");
    const domains = cordon.domains({ allow: { net: grant.net } });
    const source = `
      await net.later("a", 0);
      const child = await domains.create({ give: ["net"] });
      const first = child.run("await net.later('child', 1)").catch((e) => e.code);
      await new Promise((r) => setTimeout(r, 5));
      const mine = net.later("a", 2);
      await child.end();
      await Promise.all([first, mine]); 1`;
    const { result } = await go(source, rules, {}, { grant: { ...grant, domains } });
    expect([gave(result), did]).toEqual([1, ["later a 0", "later a 2"]]);
  });

  test("are over with their run: nothing is performed later", async () => {
    const { did } = await go(
      "net.later('a', 0); net.later('a', 1); 1",
      abstain("net.*", "delay net.later to 1 per 50ms"),
    );
    await settled(120);
    expect(did).toEqual(["later a 0"]);
  });

  test.each([0, 1_000_000, -5_000])("under a virtual clock from %i on take no time and never hang", async (start) => {
    const { grant, did } = newGrants();
    const domains = cordon.domains({ allow: { net: grant.net } });
    const rules = abstain("net.*, cell.*", "delay net.send to 1 per 1h", "delay cell.get to 1 per 1h");
    const source = `
      const begin = Date.now();
      for (let i = 0; i < 3; i++) net.send("p", i);
      const child = await domains.create({ give: ["net"] });
      const inside = (await child.run("for (let i = 0; i < 3; i++) net.send('c', i); 1")).value;
      net.send("p", 9);
      const a = shop.cell();
      for (let i = 0; i < 3; i++) await shop.put(i, a);
      [inside, Date.now() - begin]`;
    const { result } = await go(source, rules, {}, { grant: { ...grant, domains }, virtual: { start } });
    const [inside, passed] = gave(result) as [number, number];
    expect(inside).toBe(1);
    if (start >= 0) expect(passed).toBe(6 * 3_600_000); // what guests see begins at 0
    expect(did.filter((one) => one.startsWith("send")).length).toBe(7);
  });
});

describe("whoever listens", () => {
  test("changes nothing by throwing or by giving what fails", async () => {
    for (const bad of [
      () => {
        throw new Error("no");
      },
      async () => {
        throw new Error("no");
      },
    ]) {
      const source = `${TRY} for (const n of [1, 9]) attempt(() => net.send("a", n)); codes`;
      const options = { onDecided: bad as () => void, onHappened: bad as () => void };
      const { result, did } = await go(source, abstain("net.*", "deny net.send when size > 5"), options);
      expect([gave(result), did]).toEqual([[1, "E_DENIED"], ["send a 1"]]);
    }
  });
});

describe("what a host does with a capability from a guest under a policy", () => {
  test("is over when the capability is revoked, though somebody still thinks about it", async () => {
    let answer: ((isYes: boolean) => void) | undefined;
    const approve = () =>
      new Promise<boolean>((resolve) => {
        answer = resolve;
      });
    const { grant, did } = newGrants();
    const { granted, revoke } = revocable(grant.shop);
    const under = policy.text(abstain("cell.*", "ask cell.get"), { approve });
    const source = "const a = shop.cell(); await shop.put(1, a).catch((e) => e.code)";
    const run = cordon.run({ source, grant: { shop: granted }, policy: under });
    await settled(200);
    expect(answer).toBeDefined();
    revoke();
    answer?.(true);
    expect(gave(await run)).toBe("E_REVOKED");
    await settled();
    expect(did).toEqual([]);
  });
});
