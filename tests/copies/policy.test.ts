// A copy is no way to have not done what was done: policies go on in it.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Sandbox, SandboxOptions } from "../../embed/node/index.ts";
import { capability, type PolicyOptions, policy } from "../../policy-libs/index.ts";
import { cordon, createSandbox, gave } from "../embed/cordon.ts";
import { NET, newGrants } from "../embed/policy-world.ts";
import { COPYINGS, KEY } from "./kit.ts";

const SECRET =
  'policy p over net.*, log.*, mail.* {\n default allow\n deny net.send when once mail.read because "secret"\n}';
const names = Object.keys(COPYINGS);

function world(text: string, options: PolicyOptions = {}, more: SandboxOptions = {}) {
  const { did, grant } = newGrants();
  return { did, grant, options: { grant, policy: policy.text(text, options), ...more } };
}

const CODES = "(f) => { try { f(); return 'done' } catch (e) { return e.code } }";
const send = (box: Sandbox, host = "a", size = 1) =>
  box.run(`(${CODES})(() => net.send(${JSON.stringify(host)}, ${size}))`).then(gave);
const read = (box: Sandbox) => box.run("mail.read('x')").then(gave);

describe("no send after a read", () => {
  test.each(names)("holds in a copy by %s", async (name) => {
    const { options, did } = world(SECRET);
    const box = await createSandbox(options);
    expect(await send(box)).toBe("done");
    await read(box);
    const twin = await COPYINGS[name]!(box, options);
    expect([await send(twin), await send(box)]).toEqual(["E_DENIED", "E_DENIED"]);
    expect(did).toEqual(["send a 1", "read x"]);
  });

  test.each(names)("does not hold in the original for what a copy by %s has read", async (name) => {
    const { options } = world(SECRET);
    const box = await createSandbox(options);
    const [one, two] = [await COPYINGS[name]!(box, options), await COPYINGS[name]!(box, options)];
    await read(one);
    expect([await send(one), await send(two), await send(box)]).toEqual(["E_DENIED", "done", "done"]);
  });

  test("holds in all forks of a template that has read, and in none of one that has not", async () => {
    const { options } = world(SECRET);
    const dirty = await cordon.createTemplate({ ...options, source: "mail.read('x')" });
    const clean = await cordon.createTemplate({ ...options, source: "0" });
    const forks = await Promise.all([dirty, dirty, clean, clean].map((template) => template.fork()));
    await read(forks[2] as Sandbox);
    expect(await Promise.all(forks.map((box) => send(box)))).toEqual(["E_DENIED", "E_DENIED", "E_DENIED", "done"]);
  });

  test("holds in a fork that is granted other things, is audited, or is both", async () => {
    const { options } = world(SECRET);
    const box = await createSandbox(options);
    await read(box);
    const other = newGrants();
    const audit = { to: () => undefined };
    for (const more of [{ grant: other.grant }, { audit }, { grant: other.grant, audit }])
      expect(await send(await box.fork(more))).toBe("E_DENIED");
    expect(other.did).toEqual([]);
  });

  test("holds in a copy taken while what the read gives is still on its way", async () => {
    const rules = SECRET.replace("once mail.read", "once net.later");
    const { options, grant } = world(rules);
    const later = async (): Promise<number> => new Promise(() => undefined);
    const net = capability(NET, { send: (_host, n) => n, later });
    const box = await createSandbox({ ...options, grant: { ...grant, net } });
    await box.run("globalThis.p = net.later('secret', 1); 0");
    const twin = await box.fork();
    expect(await send(twin)).toBe("E_DENIED");
    expect(gave(await twin.run("p.then(() => 'gave', (e) => e.code)"))).toBe("E_FORKED");
  });

  test("an approval of the original is none of its copy", async () => {
    const asked: string[] = [];
    const rules = "policy p over net.* {\n default allow\n ask net.send\n}";
    const { options } = world(rules, { approve: ({ call }) => asked.push(call) === 1 });
    const box = await createSandbox(options);
    expect(await send(box)).toBe("done");
    expect([await send(await box.fork()), asked.length]).toEqual(["E_DENIED", 2]);
  });
});

describe("what is counted", () => {
  test.each(names)("of a capability goes on in a copy by %s", async (name) => {
    const rules =
      "policy p over net.*, log.* {\n default allow\n deny net.send when count net.send per capability >= 3\n}";
    const { options, did } = world(rules);
    const box = await createSandbox(options);
    await send(box);
    await send(box);
    const twin = await COPYINGS[name]!(box, options);
    const codes = [await send(twin), await send(twin), await send(box), await send(box)];
    expect([codes, did.length]).toEqual([["done", "E_DENIED", "done", "E_DENIED"], 4]);
  });

  test.each([["tenant"], ["host"]])("per %s is one over originals and forks, audited or not", async (scope) => {
    const rules = `policy p over net.* {\n default allow\n deny net.send when count net.send per ${scope} >= 3\n}`;
    const { options } = world(rules, { tenant: "acme" });
    const box = await createSandbox(options);
    const twin = await box.fork({ audit: { to: () => undefined } });
    expect([await send(box), await send(twin), await send(box)]).toEqual(["done", "done", "done"]);
    const third = await twin.fork();
    expect(await Promise.all([box, twin, third].map((each) => send(each)))).toEqual(Array(3).fill("E_DENIED"));
  });

  test("per tenant goes along in a snapshot to where nothing is known of the tenant", async () => {
    const rules = "policy p over net.* {\n default allow\n deny net.send when count net.send per tenant >= 2\n}";
    const before = world(rules, { tenant: "acme" });
    const box = await createSandbox(before.options);
    await send(box);
    const bytes = await box.snapshot({ key: KEY });
    const elsewhere = world(rules, { tenant: "acme" }).options; // another policy object, as in another process
    const back = await createSandbox({ ...elsewhere, from: bytes, key: KEY });
    expect([await send(back), await send(back)]).toEqual(["done", "E_DENIED"]);
    const again = await createSandbox({ ...elsewhere, from: bytes, key: KEY });
    expect(await send(again)).toBe("E_DENIED");
  });
});

describe("a snapshot under a policy", () => {
  const made = async () => {
    const { options, grant } = world(SECRET);
    const box = await createSandbox(options);
    await read(box);
    return { options, grant, box, bytes: await box.snapshot({ key: KEY }) };
  };

  test("is refused under another policy, under other parameters or imports, and under none", async () => {
    const { grant, bytes } = await made();
    const others = [
      policy.text(SECRET.replace("mail.read", "log.put")),
      policy.text(`${SECRET}\n`),
      policy.text(SECRET, { mode: "record" }),
      undefined,
    ];
    for (const other of others)
      await expect(createSandbox({ grant, policy: other, from: bytes, key: KEY })).rejects.toMatchObject({
        code: "E_POLICY",
        message: expect.stringMatching(/pass the (same|policy)/) as string,
      });
  });

  test("is read by the same words in another object, whatever the file is called", async () => {
    const { grant, bytes } = await made();
    const back = await createSandbox({
      grant,
      policy: policy.text(SECRET, { file: "x.policy" }),
      from: bytes,
      key: KEY,
    });
    expect(await send(back)).toBe("E_DENIED");
  });

  test("begins afresh without a key: then its authority is what the restoring embedder says", async () => {
    const { options, bytes, box } = await made();
    const open = await createSandbox({ ...options, from: await box.snapshot() });
    expect([await send(open), await read(open), await send(open)]).toMatchObject(["done", {}, "E_DENIED"]);
    expect(await send(await createSandbox({ ...options, from: bytes }))).toBe("done");
  });

  test("of a sandbox under no policy begins afresh under one", async () => {
    const { grant, options } = world(SECRET);
    const box = await createSandbox({ grant });
    await read(box);
    const back = await createSandbox({ ...options, from: await box.snapshot({ key: KEY }), key: KEY });
    expect([await send(back), await read(back), await send(back)]).toMatchObject(["done", {}, "E_DENIED"]);
  });
});

/** One memory of each kind: flags, counters, sums, windows, values, keys, refusals. */
const MANY = `policy p over net.*, log.*, mail.* {
  default allow
  let hosts = values host on net.send max 2
  deny net.send when once mail.read with no log.put since
  deny net.send when count net.send by host max 3 >= 4
  deny net.send when sum size on net.send within 2s in 4 steps + size > 20
  deny net.send when sum size on net.send + size > 90
  deny net.later when host in hosts
  deny log.put when count log.put within 3s >= 3
  deny log.put when count refused net.send >= 12
  deny mail.read when count mail.read per capability >= 5
}`;

const step = fc.oneof(
  fc
    .record({ host: fc.constantFrom("a", "b", "c", "d"), size: fc.nat(9) })
    .map(({ host, size }) => `net.send("${host}", ${size})`),
  fc.constantFrom("a", "b", "c").map((host) => `net.later("${host}", 1)`),
  fc.constant('log.put("x")'),
  fc.constant('mail.read("x")'),
  fc.constantFrom(300, 1_000, 4_000).map((ms) => `new Promise((go) => setTimeout(go, ${ms}))`),
);
const steps = fc.array(step, { maxLength: 14 });
const program = (list: readonly string[]): string =>
  `const codes = []; for (const f of [${list.map((one) => `() => ${one}`).join()}]) ` +
  "try { await f(); codes.push(0) } catch (e) { codes.push(e.code) } return codes;";
const play = async (box: Sandbox, list: readonly string[]) => gave(await box.run(program(list)));

describe("whatever a policy remembers", () => {
  prop.prop([steps, steps, steps, fc.constantFrom(...names)], { numRuns: 60 })(
    "a copy is refused what its original would have been refused, and binds it to nothing",
    async (before, after, other, name) => {
      const open = () => createSandbox(world(MANY, {}, { virtual: true }).options);
      const { options } = world(MANY, {}, { virtual: true });
      const [alone, box] = [await open(), await createSandbox(options)];
      await play(alone, before);
      await play(box, before);
      const [expected, twin] = [await play(alone, after), await COPYINGS[name]!(box, options)];
      const half = Math.floor(other.length / 2);
      await play(box, other.slice(0, half));
      expect(await play(twin, after)).toEqual(expected);
      const untouched = await open();
      await play(untouched, [...before, ...other.slice(0, half)]);
      expect(await play(box, other.slice(half))).toEqual(await play(untouched, other.slice(half)));
      for (const each of [alone, box, twin, untouched]) each.dispose();
    },
  );
});
