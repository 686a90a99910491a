// What of a pool's sandboxes is kept: what policies remember in copies, snapshots, templates, sleep.
import { describe, expect, test } from "vitest";
import {
  blocking,
  createSandbox,
  createTemplate,
  type Isolation,
  type Pool,
  type PoolSandbox,
  type PoolSandboxOptions,
  type Sandbox,
} from "../../embed/node/index.ts";
import { policy } from "../../policy-libs/index.ts";
import { COPYINGS, type Copying, code, KEY, names, OTHER_KEY, poolsOfAll, value } from "./copying.ts";
import { ISOLATIONS, poolOf } from "./world.ts";

const poolIn = poolsOfAll();

const SECRET =
  'policy p over mail.*, net.* {\n default allow\n deny net.send when once mail.read because "secret"\n deny net.send when count net.send per capability >= 2\n}';
const world = () => {
  const did: string[] = [];
  const grant = { mail: { read: () => void did.push("read") }, net: { send: () => void did.push("send") } };
  return { did, options: { grant, policy: policy.text(SECRET) } };
};
const send = (box: PoolSandbox) =>
  value(box, "(() => { try { net.send(); return 'done' } catch (e) { return e.code } })()");

describe.for(ISOLATIONS)("%s: a policy", (isolation) => {
  test.for(names.filter((name) => !/sleep/.test(name)))(
    "remembers in a copy by %s what was done, each on its own",
    async (name) => {
      const { options, did } = world();
      const copying = COPYINGS[name] as Copying;
      const box = await poolIn(isolation).createSandbox(options);
      expect(await send(box)).toBe("done");
      const [one, two] = [
        await copying(poolIn(isolation), box, options),
        await copying(poolIn(isolation), box, options),
      ];
      await value(one, "mail.read()");
      expect([await send(one), await send(two), await send(two), await send(box)]).toEqual([
        "E_DENIED",
        "done",
        "E_DENIED",
        "done",
      ]);
      expect(did).toEqual(["send", "read", "send", "send"]);
    },
  );

  test("begins afresh without a key, and is refused as another one with it", async () => {
    const pool = poolIn(isolation);
    const { options } = world();
    const box = await pool.createSandbox(options);
    await value(box, "mail.read()");
    const [plain, sealed] = [await box.snapshot(), await box.snapshot({ key: KEY })];
    expect(await send(await pool.createSandbox({ ...options, from: plain }))).toBe("done");
    expect(await send(await pool.createSandbox({ ...options, from: sealed, key: KEY }))).toBe("E_DENIED");
    const other = { ...options, policy: policy.text(`${SECRET}\n`) };
    expect(await code(pool.createSandbox({ ...other, from: sealed, key: KEY }))).toBe("E_POLICY");
    expect(await code(pool.createSandbox({ grant: options.grant, from: sealed, key: KEY }))).toBe("E_POLICY");
  });
});

describe.for(ISOLATIONS)("%s: a snapshot", (isolation) => {
  const pool = (): Pool => poolIn(isolation);
  const grant = { tools: { add: (a: number, b: number) => a + b } };
  const made = async () => {
    const box = await pool().createSandbox({ grant });
    await value(box, "let n = tools.add(1, 2)");
    return box;
  };

  test("is restored as often as one likes, with a key or without, also as a job", async () => {
    const box = await made();
    const [bytes, sealed] = [await box.snapshot(), await box.snapshot({ key: KEY })];
    for (const more of [{ from: bytes }, { from: sealed, key: KEY }, { from: sealed }]) {
      const back = await pool().createSandbox({ grant, ...more });
      expect(await value(back, "n = tools.add(n, 1)")).toBe(4);
      expect(await pool().run({ grant, ...more, source: "tools.add(n, 39)" })).toMatchObject({ value: 42 });
    }
    expect(await value(box, "n")).toBe(3);
  });

  test("that is cut off, changed, sealed by another, or by nobody, is refused E_SNAPSHOT", async () => {
    const box = await made();
    const [bytes, sealed] = [await box.snapshot(), await box.snapshot({ key: KEY })];
    const forged = await box.snapshot({ key: OTHER_KEY });
    const changed = Uint8Array.from(sealed);
    changed[200] = (changed[200] as number) ^ 1;
    const refused: object[] = [
      ...[0, 1, 87, 88, 500, sealed.length - 1].map((end) => ({ from: sealed.slice(0, end), key: KEY })),
      ...[{ from: changed, key: KEY }, { from: changed }, { from: forged, key: KEY }, { from: bytes, key: KEY }],
      { from: sealed, key: OTHER_KEY },
    ];
    for (const more of refused) {
      expect(await code(pool().createSandbox({ grant, ...more }))).toBe("E_SNAPSHOT");
      expect(await code(pool().run({ grant, ...more, source: "1" }))).toBe("E_SNAPSHOT");
    }
    expect(await value(box, "n")).toBe(3);
  });

  test("with other grants is refused E_GRANT, with a wrong key or none of its own E_OPTION, with too little memory as ever", async () => {
    const box = await made();
    await value(box, "globalThis.big = new Uint8Array(6 * 2 ** 20).fill(1); 0");
    const from = await box.snapshot();
    for (const other of [{}, { other: grant.tools }, { ...grant, more: () => 1 }])
      expect(await code(pool().createSandbox({ grant: other, from }))).toBe("E_GRANT");
    for (const more of [{ from, key: "k" }, { from, key: new Uint8Array(3) }, { key: KEY }, { from: 5 }])
      expect(await code(pool().createSandbox({ grant, ...(more as object) }))).toBe("E_OPTION");
    expect(await code(box.snapshot({ key: new Uint8Array(3) }))).toBe("E_OPTION");
    expect(await code(box.snapshot({ to: 1 } as never))).toBe("E_OPTION");
    expect(await code(pool().createSandbox({ grant, from, limits: { memory: "4 MiB" } }))).toBe("E_SNAPSHOT");
    expect(await value(await pool().createSandbox({ grant, from }), "big[9] + n")).toBe(4);
  });
});

describe("a snapshot elsewhere", () => {
  const make = (
    isolation: Isolation | "alone",
    options: PoolSandboxOptions,
  ): Promise<Pick<Sandbox, "run" | "snapshot">> =>
    isolation === "alone" ? createSandbox(options) : poolIn(isolation).createSandbox(options);
  const places = ["alone", ...ISOLATIONS] as const;
  /** Functions of every kind: they answer at once, by a promise, with an error, or stand still. */
  const grant = {
    tools: {
      less: (a: number, b: number) => a - b,
      soon: (n: number) => Promise.resolve(n + 1),
      slow: (n: number) => new Promise<number>((resolve) => setTimeout(resolve, 5, n + 1)),
      fails: () => {
        throw Object.assign(new Error("no"), { code: "E_NO" });
      },
      still: blocking((n: number) => Promise.resolve(n + 1)),
    },
  };
  const USES = `
    const kinds = [tools.less(2, 1), tools.soon(1) instanceof Promise, tools.still(1)];
    let refused; try { tools.fails() } catch (e) { refused = e.code }
    const both = Promise.all([tools.slow(1), tools.soon(2)]);
    [n, [3, 1, 2].sort((a, b) => tools.less(a, b)), kinds, refused, await both]`;

  test.for(places.flatMap((from) => places.map((to) => [from, to] as const)))(
    "of %s goes on in %s, whatever its functions answer, and whenever",
    async ([from, to]) => {
      const box = await make(from, { grant });
      await value(box, "let n = tools.less(3, 1)");
      const used = await value(box, `{${USES}}`);
      expect(used).toEqual([2, [1, 2, 3], [1, true, 2], "E_NO", [2, 3]]);
      const again = await make(to, { grant, from: await box.snapshot({ key: KEY }), key: KEY });
      expect(await value(again, `{${USES}}`)).toEqual(used);
      const third = await make(from, { grant, from: await again.snapshot() });
      expect(await value(third, `{${USES}}`)).toEqual(used);
    },
  );
});

describe.for(ISOLATIONS)("%s: a template", (isolation) => {
  test("is where sandboxes and jobs of a pool begin, each on its own", async () => {
    const template = await createTemplate({ source: "let n = 41; const draw = () => Math.random()" });
    const pool = poolIn(isolation);
    const boxes = await Promise.all(Array.from({ length: 5 }, () => pool.createSandbox({ from: template })));
    expect(await Promise.all(boxes.map((box) => value(box, "++n")))).toEqual(Array(5).fill(42));
    expect(await pool.run({ from: template, source: "++n" })).toMatchObject({ value: 42 });
    expect(await pool.run({ from: template, source: "n" })).toMatchObject({ value: 41 });
    expect(new Set(await Promise.all(boxes.map((box) => value(box, "draw()")))).size).toBe(5);
    expect(await value(await (boxes[0] as PoolSandbox).fork(), "n")).toBe(42);
    for (const box of boxes) box.dispose();
  });

  test("with functions that answer at once is for sandboxes anywhere", async () => {
    const grant = { f: () => 1, later: async () => 5 };
    const template = await createTemplate({ grant, source: "let n = f()" });
    const box = await poolIn(isolation).createSandbox({ from: template });
    expect(await value(box, "[n + f(), later() instanceof Promise, await later()]")).toEqual([2, true, 5]);
    expect(
      await value(
        await poolIn(isolation).createSandbox({ from: template, grant: { ...grant, f: () => 7 } }),
        "n + f()",
      ),
    ).toBe(8);
  });

  test("takes no key, no policy of its own, and other grants only of the same names", async () => {
    const template = await createTemplate({});
    const make = (options: object) => code(poolIn(isolation).createSandbox({ from: template, ...options }));
    expect(await make({ key: KEY })).toBe("E_OPTION");
    expect(await make({ virtual: true })).toBe("E_OPTION");
    expect(await make({ meter: 1 })).toBe("E_OPTION");
    expect(await make({ grant: { f: () => 1 } })).toBe("E_GRANT");
  });
});

describe.for(ISOLATIONS)("%s: sleep", (isolation) => {
  test("gives memory back to the tenant until the sandbox is used", async () => {
    await using pool = await poolOf({ isolation });
    const box = await pool.createSandbox({ grant: { f: () => 1 } });
    await value(box, "let n = f()");
    const awake = pool.meter().usage().memory;
    await box.hibernate();
    const states = () => pool.stats({ domains: 10 }).domains.map(({ state }) => state);
    expect(states()).toEqual(["asleep"]);
    expect(pool.meter().usage().memory).toBeLessThan(awake / 2);
    expect(await value(box, "n + f()")).toBe(2);
    expect([pool.meter().usage().memory, states()]).toEqual([awake, ["idle"]]);
    await box.hibernate();
    await box.hibernate();
    expect(
      await value(await pool.createSandbox({ grant: { f: () => 5 }, from: await box.snapshot() }), "n + f()"),
    ).toBe(6);
  });

  test("that cannot end for want of memory makes the run reject E_LIMIT, and the sandbox sleeps on", async () => {
    await using pool = await poolOf({ isolation });
    const box = await pool.createSandbox();
    await value(box, "let n = 4");
    await box.hibernate();
    pool.meter().limit("memory", 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const refused = await code(box.run("n"));
    pool.meter().limit("memory", 2 ** 30);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([refused, box.ended()]).toEqual(["E_LIMIT", undefined]);
    expect(await value(box, "n")).toBe(4);
  });
});
