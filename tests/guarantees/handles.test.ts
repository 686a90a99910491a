// Handles: forged, stale and foreign ones are refused, wherever they stand. A guest that only does what it is told sends
// the bytes itself; nothing of an engine is in between.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CallContext, type Capability, type Domain, release, type Target } from "../../kernel/index.ts";
import { any, arg, contract, handle, list, nothing, option, record } from "../../policy-libs/index.ts";
import { EVERY, MESSAGE, TAG } from "../../stdlib/abi.ts";
import { runs } from "../kit/confinement.ts";
import { probeSource } from "../kit/probe.ts";
import { loadSource, mustReturn, newKernel, spawn } from "../kit/world.ts";

const kernel = newKernel();
const probe = loadSource(kernel, probeSource(1));
const ERROR = -1;
const UNDEFINED = Uint8Array.of(0xf7);

const THING = contract({
  name: "thing",
  allows: "",
  never: "",
  calls: { poke: { takes: [], gives: nothing(), refuses: [] } },
});
const OTHER = contract({ ...THING.data, name: "other" });
const DESK = contract({
  name: "desk",
  allows: "",
  never: "",
  calls: {
    take: { takes: [arg("thing", handle(THING))], gives: nothing(), refuses: [] },
    say: { takes: [arg("value", any())], gives: nothing(), refuses: [] },
    deep: { takes: [arg("all", list(record({ thing: option(handle(THING)) })))], gives: nothing(), refuses: [] },
    give: { takes: [], gives: handle(THING), refuses: [] },
  },
});
const [TAKE, SAY, DEEP] = [0, 1, 2];

const number = async (domain: Domain, name: string, ...args: number[]): Promise<number> =>
  Number(mustReturn(await domain.enter(name, args)));

async function write(domain: Domain, at: number, bytes: readonly number[]): Promise<void> {
  for (const [index, byte] of bytes.entries()) await domain.enter("poke", [at + index, byte]);
}

async function read(domain: Domain, at: number, length: number): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < length; i++) out.push(await number(domain, "peek", at + i));
  return out;
}

const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const tagged = (tag: number, n: number): number[] => [0xda, ...u32(tag), 0x1a, ...u32(n)];
const handleOf = (n: number): number[] => tagged(TAG.HANDLE, n);
const objectOf = (n: number): number[] => tagged(TAG.OFFER, n);
const THING_KEY = [0x65, ...new TextEncoder().encode("thing")];

/** Calls with these arguments; "done", or the code that it was refused with. */
async function call(domain: Domain, desk: number, method: number, args: readonly number[]): Promise<string> {
  await write(domain, 100, args);
  if ((await number(domain, "call", desk, method, 100, args.length, 64)) !== ERROR) return "done";
  const length = await number(domain, "reply", 2000, 500);
  const text = String.fromCharCode(...(await read(domain, 2000, length)));
  return /E_[A-Z]+/.exec(text)?.[0] ?? text;
}

interface Desk {
  readonly domain: Domain;
  readonly desk: number;
  readonly thing: number;
  readonly other: number;
  readonly got: CallContext[];
}

const silent: Target = () => UNDEFINED;

/** A guest with a desk, a thing and something else, in this order of handles. */
function atDesk(): Desk {
  const got: CallContext[] = [];
  const target: Target = (_method, _bytes, _length, context) => {
    got.push(context);
    return UNDEFINED;
  };
  const domain = spawn(kernel, probe);
  const desk = domain.grant({ contract: DESK, target }) as number;
  const thing = domain.grant({ contract: THING, target: silent }) as number;
  const other = domain.grant({ contract: OTHER, target: silent }) as number;
  return { domain, desk, thing, other, got };
}

const anyNumber = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.nat(0xffff_ffff),
  fc.constantFrom(0x4000, 0x4001, 0x8001, 0x7fff_ffff, 0x8000_0001, 0xffff_ffff, 0xffff_fffe),
);

describe("a handle in an argument", () => {
  test("is passed on if the guest holds that number under that contract, and never otherwise", async () => {
    const { domain, desk, thing, other, got } = atDesk();
    await fc.assert(
      fc.asyncProperty(anyNumber, fc.boolean(), async (guess, isDeep) => {
        const before = got.length;
        const args = isDeep ? [0x81, 0x82, 0xa0, 0xa1, ...THING_KEY, ...handleOf(guess)] : [0x81, ...handleOf(guess)];
        const answer = await call(domain, desk, isDeep ? DEEP : TAKE, args);
        const expected = guess === thing ? "done" : guess === desk || guess === other ? "E_VALUE" : "E_HANDLE";
        expect(answer).toBe(expected);
        expect(got.length - before).toBe(guess === thing ? 1 : 0);
        if (guess === thing) expect(got.at(-1)?.capabilities.map(({ contract }) => contract.name)).toEqual(["thing"]);
      }),
      runs(300),
    );
  });

  test("is refused where the contract has none, in whatever it stands", async () => {
    const { domain, desk, thing, got } = atDesk();
    for (const value of [handleOf(thing), objectOf(7)]) {
      for (const args of [
        value,
        [0x81, ...value],
        [0xa1, 0x61, 0x61, ...value],
        [0xd8, 28, ...value],
        [0xd9, 1, 2, 0x81, ...value],
        [0xd9, 1, 3, 0xa1, ...value, 0x01],
        [0xd8, 27, 0x82, 0x65, 0x45, 0x72, 0x72, 0x6f, 0x72, 0xa1, 0x61, 0x61, ...value],
      ])
        expect(await call(domain, desk, SAY, [0x81, ...args])).toBe("E_VALUE");
    }
    expect(await call(domain, desk, DEEP, [0x81, 0x81, ...handleOf(thing)])).toBe("E_VALUE");
    expect(got).toEqual([]);
  });

  test("is refused when its number is written in another way", async () => {
    const { domain, desk, thing, got } = atDesk();
    const tag = [0xda, ...u32(TAG.HANDLE)];
    for (const wrong of [
      [thing],
      [0x18, thing],
      [0x19, 0, thing],
      [0x1b, 0, 0, 0, 0, ...u32(thing)],
      [0x3a, ...u32(thing)],
      [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
      [0x44, ...u32(thing)],
    ])
      expect(await call(domain, desk, TAKE, [0x81, ...tag, ...wrong])).toBe("E_VALUE");
    expect(await call(domain, desk, TAKE, [0x81, ...tag, ...tag, 0x1a, ...u32(thing)])).toBe("E_VALUE");
    expect(got).toEqual([]);
  });

  test("that is revoked is E_REVOKED, and one shared item that is referred to twice is one handle each time", async () => {
    const { domain, desk, thing, got } = atDesk();
    const shared = [0x81, 0x82, 0xd8, 28, 0xa1, ...THING_KEY, ...handleOf(thing), 0xd8, 29, 0];
    expect(await call(domain, desk, DEEP, shared)).toBe("done");
    expect(got.at(-1)?.capabilities).toHaveLength(1);
    domain.revoke(thing);
    expect(await call(domain, desk, TAKE, [0x81, ...handleOf(thing)])).toBe("E_REVOKED");
    expect(await call(domain, desk, DEEP, shared)).toBe("E_REVOKED");
  });
});

describe("a handle that was let go", () => {
  test("stays dead when its slot has another: as callee, as argument, to describe and to let go", async () => {
    const { domain, desk, thing, got } = atDesk();
    const stale: number[] = [];
    let current = thing;
    for (let i = 0; i < 200; i++) {
      expect(await number(domain, "call", current, EVERY.RELEASE | 0, 0, 0, 0)).toBe(0);
      stale.push(current);
      current = domain.grant({ contract: THING, target: silent }) as number;
      expect(stale).not.toContain(current);
      expect(current & 0x3fff).toBe(thing & 0x3fff);
    }
    for (const old of [stale[0], stale[100], stale[199]] as number[]) {
      expect(await call(domain, old, 0, [0x80])).toBe("E_HANDLE");
      expect(await call(domain, desk, TAKE, [0x81, ...handleOf(old)])).toBe("E_HANDLE");
      expect(await call(domain, old, EVERY.DESCRIBE | 0, [])).toBe("E_HANDLE");
      expect(await number(domain, "call", old, EVERY.RELEASE | 0, 0, 0, 0)).toBe(ERROR);
    }
    expect(got).toEqual([]);
    expect(await call(domain, current, 0, [0x80])).toBe("done");
    expect(await call(domain, desk, TAKE, [0x81, ...handleOf(current)])).toBe("done");
  });

  test("revokes nothing of others, and its revocation afterwards hits nobody", async () => {
    const { domain, thing } = atDesk();
    await number(domain, "call", thing, EVERY.RELEASE | 0, 0, 0, 0);
    const next = domain.grant({ contract: THING, target: silent }) as number;
    domain.revoke(thing);
    expect(await call(domain, next, 0, [0x80])).toBe("done");
  });
});

describe("a handle of another domain", () => {
  test("means nothing here, by its own number or by one that was guessed", async () => {
    const [one, two] = [atDesk(), atDesk()];
    const secret = one.domain.grant({ contract: THING, target: silent }) as number;
    expect(await call(one.domain, one.desk, TAKE, [0x81, ...handleOf(secret)])).toBe("done");
    expect(await call(two.domain, two.desk, TAKE, [0x81, ...handleOf(secret)])).toBe("E_HANDLE");
    expect(await call(two.domain, secret, 0, [0x80])).toBe("E_HANDLE");
    expect(two.got).toEqual([]);
  });

  test("describes its contract to who holds it, without counting as a call", async () => {
    const { domain, desk } = atDesk();
    const length = await number(domain, "call", desk, EVERY.DESCRIBE | 0, 100, 0, 500);
    const text = String.fromCharCode(...(await read(domain, 100, length)));
    for (const name of ["take", "say", "deep", "give", "async"]) expect(text).toContain(name);
    expect(domain.usage().calls).toBe(0);
    expect(await call(domain, 77, EVERY.DESCRIBE | 0, [])).toBe("E_HANDLE");
  });
});

describe("an object that a guest offers", () => {
  const message = async (domain: Domain): Promise<number[]> => {
    const length = await number(domain, "receive", 3000, 500, 0);
    return length < 0 ? [] : read(domain, 3000, length);
  };
  const invoke = (capability: Capability): unknown =>
    capability.target(0, Uint8Array.of(0x80), 1, {
      ...{ domain: 0, owner: undefined, account: undefined, capabilities: [], found: [], onDropped: () => undefined },
    } as CallContext);

  test("is called by its number, answers once, and a second or a made-up answer reaches nobody", async () => {
    const { domain, desk, got } = atDesk();
    expect(await call(domain, desk, TAKE, [0x81, ...objectOf(41)])).toBe("done");
    const offered = got[0]?.capabilities[0] as Capability;
    expect(offered.contract.name).toBe("thing");
    const reply = invoke(offered) as Promise<unknown>;
    const told = await message(domain);
    expect([told[1], told[3], told[4]]).toEqual([MESSAGE.INVOKE, 0x18, 41]);
    const token = told[2] as number;
    await write(domain, 100, [0xf7]);
    expect(await number(domain, "answer", token + 1, 1, 100, 1)).toBe(ERROR);
    expect(await number(domain, "answer", token, 1, 100, 1)).toBe(0);
    expect(await number(domain, "answer", token, 1, 100, 1)).toBe(ERROR);
    expect(await reply).toMatchObject({ value: UNDEFINED });
  });

  test("is forgotten once nobody holds it, as often as it was sent, and can be offered again", async () => {
    const { domain, desk, got } = atDesk();
    for (let i = 0; i < 3; i++) await call(domain, desk, TAKE, [0x81, ...objectOf(5)]);
    const all = got.map(({ capabilities }) => capabilities[0] as Capability);
    for (const one of all.slice(1)) release(one);
    expect(await message(domain)).toEqual([]);
    release(all[0] as Capability);
    expect(await message(domain)).toEqual([0x83, MESSAGE.FORGET, 5, 3]);
    await call(domain, desk, TAKE, [0x81, ...objectOf(5)]);
    release(got.at(-1)?.capabilities[0] as Capability);
    expect(await message(domain)).toEqual([0x83, MESSAGE.FORGET, 5, 1]);
  });

  test("answers E_TARGET to whoever calls it when its domain has ended", async () => {
    const { domain, desk, got } = atDesk();
    await call(domain, desk, TAKE, [0x81, ...objectOf(1)]);
    const offered = got[0]?.capabilities[0] as Capability;
    const before = invoke(offered) as Promise<unknown>;
    domain.end();
    expect(offered.state).toBe("revoked");
    expect(new TextDecoder().decode(((await before) as { failed: Uint8Array }).failed)).toContain("E_TARGET");
    expect(new TextDecoder().decode((invoke(offered) as { failed: Uint8Array }).failed)).toContain("E_TARGET");
  });

  test("no number is too odd for it, and it is never taken for a handle", async () => {
    const { domain, desk, thing, got } = atDesk();
    for (const odd of [0, 2, thing, 0xffff_ffff, 0x8000_0000])
      expect(await call(domain, desk, TAKE, [0x81, ...objectOf(odd)])).toBe("done");
    expect(new Set(got.map(({ capabilities }) => capabilities[0]?.target)).size).toBe(5);
    expect(got.every(({ capabilities }) => capabilities[0]?.target !== silent)).toBe(true);
  });
});
