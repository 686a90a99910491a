// T1, T2: the kernel charges each thing once, to who has to pay for it and to every account above, or nobody; and gives
// back what has ended. G4: a guest under an account has no more than all accounts above it have.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Account,
  adjust,
  available,
  chargeAccount,
  DOMAINS,
  derive,
  FUEL,
  frozenAt,
  MAX_ACCOUNT_DEPTH,
  newAccount,
  newCapability,
  PAGE,
  type Reply,
} from "../../kernel/index.ts";
import { freeze, thaw } from "../../policy-libs/meter/freeze.ts";
import { type Metered, RESOURCES } from "../../policy-libs/meter/resources.ts";
import { probeSource } from "../kit/probe.ts";
import { LIMITS, loadSource, mustReturn, newKernel, PLENTY } from "../kit/world.ts";
import { CELL, GET, kernel, NOTHING, newHand, PUT, probe, seen, settled, textOf, tryHand } from "./hands.ts";
import "../kit/vitest.ts";

const newOne = (parent?: Account): Account => newAccount(parent) as Account;
const used = (account: Account, name: Metered): number => account.used[RESOURCES.indexOf(name)] as number;
const limit = (account: Account, name: Metered, most: number): void => {
  account.limit[RESOURCES.indexOf(name)] = most;
};
const family = (): [Account, Account] => {
  const above = newOne();
  return [above, newOne(above)];
};

describe("accounts", () => {
  test("T1, T2: a charge counts in every account above or in none, and never passes a limit", () => {
    const anyAmount = fc.oneof(fc.nat(30), fc.constantFrom(Number.NaN, -1, Infinity, -Infinity, -0, 0.5));
    const anyMove = fc.tuple(fc.nat(8), anyAmount);
    const anyTree = fc.array(fc.tuple(fc.nat(8), fc.oneof(fc.nat(60), fc.constant(Infinity))), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(anyTree, fc.array(anyMove, { maxLength: 40 }), (plan, moves) => {
        const accounts: Account[] = [];
        for (const [above, most] of plan) {
          const account = newOne(accounts.length === 0 ? undefined : accounts[above % accounts.length]);
          limit(account, "netSend", most);
          accounts.push(account);
        }
        const own = accounts.map(() => 0);
        for (const [at, amount] of moves) {
          const index = at % accounts.length;
          const account = accounts[index] as Account;
          const isRight = amount >= 0 && amount <= available(account, RESOURCES.indexOf("netSend"));
          expect(chargeAccount(account, RESOURCES.indexOf("netSend"), amount)).toBe(isRight);
          if (isRight) own[index] = (own[index] as number) + amount;
        }
        for (const account of accounts) {
          const isBelow = (one: Account | undefined): boolean =>
            one !== undefined && (one === account || isBelow(one.parent));
          const sum = accounts.reduce((total, one, i) => total + (isBelow(one) ? (own[i] as number) : 0), 0);
          expect(used(account, "netSend")).toBe(sum);
          expect(sum).toBeLessThanOrEqual(account.limit[RESOURCES.indexOf("netSend")] as number);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("are so many, one above the other, and no more", () => {
    let account: Account | undefined = newOne();
    for (let i = 1; i < MAX_ACCOUNT_DEPTH; i++) account = newAccount(account);
    expect(account).toBeDefined();
    expect(newAccount(account)).toBeUndefined();
  });

  test("freeze what is below them, as often as it is thawed", () => {
    const [above, below] = family();
    let went = 0;
    freeze(above);
    freeze(above);
    expect(frozenAt(below)).toBe(above);
    above.waiting.add(() => went++);
    thaw(above);
    expect([frozenAt(below), went]).toEqual([above, 0]);
    thaw(above);
    thaw(above);
    expect([frozenAt(below), went]).toEqual([undefined, 1]);
  });
});

describe("who pays", () => {
  test("the caller pays for calls and bytes both ways, once; what is refused for its arguments costs nothing", async () => {
    const [above, account] = family();
    const hand = newHand({ account });
    const cell = hand.domain.grant(seen(CELL, () => Uint8Array.from(textOf("hello"))).given) as number;
    await hand.call(cell, GET);
    for (const one of [above, account]) expect([used(one, "calls"), used(one, "bytes")]).toEqual([1, 1 + 6]);
    await hand.call(cell, PUT, [0x81, 7]);
    for (const one of [above, account]) expect([used(one, "calls"), used(one, "bytes")]).toEqual([1, 1 + 6]);
  });

  test("a capability that has an account of its own pays itself, however often it was derived", async () => {
    const [own, account] = [newOne(), newOne()];
    const hand = newHand({ account });
    const source = newCapability(CELL, seen(CELL, () => Uint8Array.from(textOf("hello"))).given.target, [], {
      account: own,
    });
    const cell = hand.domain.grant(derive(derive(source))) as number;
    await hand.call(cell, GET);
    expect([used(own, "calls"), used(account, "calls"), used(account, "bytes")]).toEqual([1, 0, 0]);
    expect(used(own, "bytes")).toBe(7);
  });

  test("a call for whose bytes nothing is left is not made, and is not counted either", async () => {
    const [above, account] = family();
    limit(above, "bytes", 4);
    const hand = newHand({ account });
    const { given, calls } = seen(CELL, () => NOTHING);
    const cell = hand.domain.grant(given) as number;
    expect((await hand.call(cell, PUT, [0x81, ...textOf("hello")])).code).toBe("E_QUOTA");
    for (const one of [above, account]) expect([used(one, "calls"), used(one, "bytes")]).toEqual([0, 0]);
    expect((await hand.call(cell, PUT, [0x81, ...textOf("a")])).code).toBeUndefined();
    expect(calls.length).toBe(1);
  });

  test("a call beyond those that an account above has is not made", async () => {
    const [above, account] = family();
    limit(above, "calls", 2);
    const hand = newHand({ account });
    const { given, calls } = seen(CELL, () => Uint8Array.from(textOf("a")));
    const cell = hand.domain.grant(given) as number;
    for (const code of [undefined, undefined, "E_QUOTA", "E_QUOTA"])
      expect((await hand.call(cell, GET)).code).toBe(code);
    expect([calls.length, used(above, "calls")]).toEqual([2, 2]);
  });

  test("calls in flight are counted until they are answered, revoked, or their domain ends", async () => {
    const [above, account] = family();
    limit(above, "inFlight", 3);
    const hand = newHand({ account });
    const { given, calls } = seen(CELL, () => "later");
    const [kept, cut] = [hand.domain.grant(given) as number, hand.domain.grant(given) as number];
    for (const handle of [kept, kept, cut]) expect((await hand.call(handle, GET)).token).toBeTypeOf("number");
    expect((await hand.call(kept, GET)).code).toBe("E_BUSY");
    expect(calls[3]?.wasDropped).toBe(true);
    hand.domain.revoke(cut);
    calls[0]?.settle(Uint8Array.from(textOf("a")));
    await settled();
    for (const one of [above, account]) expect(used(one, "inFlight")).toBe(1);
    hand.domain.end();
    calls[1]?.settle(Uint8Array.from(textOf("a")));
    await settled();
    for (const one of [above, account]) expect(used(one, "inFlight")).toBe(0);
  });

  test("a domain has so many calls in flight as it was born with, whatever its account allows", async () => {
    const hand = newHand({ limits: { inFlight: 2 } });
    const cell = hand.domain.grant(seen(CELL, () => "later").given) as number;
    for (const code of [undefined, undefined, "E_BUSY"]) expect((await hand.call(cell, GET)).code).toBe(code);
  });

  test("the call for which a guest stands still may be one too many, until it is known to take time; a second may not", async () => {
    const [above, account] = family();
    limit(above, "inFlight", 2);
    const hand = newHand({ account, limits: { inFlight: 2 } });
    const { given, calls } = seen(CELL, () => "later");
    const target: typeof given.target = (method, bytes, length, context) => {
      context.awaited = true;
      return given.target(method, bytes, length, context);
    };
    const cell = hand.domain.grant({ ...given, target }) as number;
    // It does not stand still at all.
    for (const code of [undefined, undefined, undefined, "E_BUSY", "E_BUSY"])
      expect((await hand.call(cell, GET)).code).toBe(code);
    expect(calls.map(({ wasDropped }) => wasDropped)).toEqual([false, false, false, true, true]);
    const later = [0, 1].map(() => Promise.withResolvers<Reply>());
    const takesTime = (at: number): void => calls[at]?.settle({ failed: NOTHING, later: later[at]?.promise } as Reply);
    takesTime(0);
    await settled();
    expect(await hand.completion()).toMatchObject({ ok: false, code: "E_BUSY" });
    expect([calls[0]?.wasDropped, used(above, "inFlight")]).toEqual([true, 2]);
    takesTime(1);
    await settled();
    expect((await hand.receive())?.at(-2)).toBe(0xf6);
    later[0]?.resolve(Uint8Array.from(textOf("a")));
    later[1]?.resolve(Uint8Array.from(textOf("b")));
    calls[2]?.settle(Uint8Array.from(textOf("c")));
    await settled();
    const bytes = [await hand.completion(), await hand.completion()].map((one) => one.bytes);
    expect(bytes.sort()).toEqual([textOf("b"), textOf("c")]);
    expect(await hand.receive()).toBeUndefined();
    for (const one of [above, account]) expect(used(one, "inFlight")).toBe(0);
  });

  test("memory is paid for at birth and as it grows, and given back at the end; so is the domain", async () => {
    const [above, account] = family();
    limit(above, "memory", 4 * PAGE);
    limit(above, "domains", 2);
    const hand = newHand({ account });
    expect([used(above, "memory"), used(above, "domains")]).toEqual([PAGE, 1]);
    expect(await hand.number("grow", 2)).toBe(1);
    expect(await hand.number("grow", 2)).toBe(-1);
    expect(used(above, "memory")).toBe(3 * PAGE);
    const second = newHand({ account });
    expect(tryHand({ account })).toBeUndefined();
    expect([used(above, "memory"), used(above, "domains")]).toEqual([4 * PAGE, 2]);
    second.domain.end();
    hand.domain.end();
    hand.domain.end();
    for (const one of [above, account]) expect([used(one, "memory"), used(one, "domains")]).toEqual([0, 0]);
  });

  test("a birth that fails costs nothing", () => {
    const [above, account] = family();
    limit(above, "memory", PAGE - 1);
    expect(tryHand({ account })).toBeUndefined();
    limit(above, "memory", Infinity);
    expect(tryHand({ account, limits: { pages: 0 } })).toBeUndefined();
    for (const one of [above, account]) expect([used(one, "memory"), used(one, "domains")]).toEqual([0, 0]);
  });

  test("an image that does not lie in its memory costs nothing", () => {
    const account = newOne();
    const image = { pages: 1, chunks: [{ at: 2 ** 24, bytes: Uint8Array.of(1) }] };
    expect(kernel.spawn(probe, { limits: { pages: 1, inFlight: 1 }, image, account })).toMatchObject({
      kind: "refused",
    });
    expect(account.used[DOMAINS]).toBe(0);
    expect(used(account, "memory")).toBe(0);
  });
});

describe("fuel of an account", () => {
  test("what domains spend is what their accounts have used, to the unit", async () => {
    const [above, account] = family();
    const hands = [newHand({ account }), newHand({ account: above })];
    for (const hand of hands) await hand.number("peek", 1);
    const [first, second] = hands.map(({ domain }) => domain.usage().fuel) as [number, number];
    expect(first).toBeGreaterThan(0);
    expect([account.used[FUEL], above.used[FUEL]]).toEqual([first, first + second]);
  });

  test("several domains never burn more than the account above them has, but for a charge each", async () => {
    const above = newOne();
    above.limit[FUEL] = 200_000;
    const hands = [newOne(above), newOne(above), above].map((account) => newHand({ account }));
    const outcomes = await Promise.all(hands.map(({ domain }) => domain.enter("spin", [])));
    for (const outcome of outcomes) expect(outcome).toBeExhausted("fuel");
    expect(above.used[FUEL]).toBeGreaterThanOrEqual(200_000);
    expect(above.used[FUEL]).toBeLessThan(200_000 + 3 * 100);
  });

  test("what ends in a gate has its fuel settled too", async () => {
    const account = newOne();
    const hand = newHand({ account });
    const cell = hand.domain.grant({
      contract: CELL,
      target: () => {
        hand.domain.end();
        return NOTHING;
      },
    }) as number;
    await hand.domain.enter("spree", [100, cell, GET]);
    expect(account.used[FUEL]).toBe(hand.domain.usage().fuel);
    expect(account.used[FUEL]).toBeGreaterThan(0);
  });

  test("a domain under a frozen account stands still, until it thaws; its end does not wait", async () => {
    const [above, account] = family();
    const [hand, other] = [newHand({ account, allowance: { fuel: 3e6 } }), newHand({ account })];
    let isOver = false;
    freeze(above);
    const ended = hand.domain.enter("spin", []).finally(() => {
      isOver = true;
    });
    const aborted = other.domain.enter("spin", []);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = hand.domain.usage().fuel;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([isOver, hand.domain.usage().fuel]).toEqual([false, before]);
    other.domain.end();
    expect(await aborted).toBeAborted();
    thaw(above);
    expect(await ended).toBeExhausted("fuel");
  });

  test("a freeze takes effect at the end of a slice, whatever the clock says of the time since the last turn", async () => {
    const still = newKernel({ now: () => 0 });
    const account = newOne();
    const domain = mustReturn(still.spawn(loadSource(still, probeSource(1)), { limits: LIMITS, account }));
    domain.allow({ ...PLENTY, fuel: 3e6 });
    freeze(account);
    const ended = domain.enter("spin", []);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(domain.ending()).toBeUndefined();
    expect(account.used[FUEL]).toBeLessThan(100_000);
    thaw(account);
    expect(await ended).toBeExhausted("fuel");
  });

  test("what was settled can overdraw, and then nothing is left", () => {
    const [above, account] = family();
    limit(above, "fileRead", 10);
    const at = RESOURCES.indexOf("fileRead");
    adjust(account, at, 25);
    expect([available(account, at), used(above, "fileRead")]).toEqual([-15, 25]);
    expect(chargeAccount(account, at, 0)).toBe(false);
    adjust(account, at, -25);
    expect(chargeAccount(account, at, 10)).toBe(true);
  });
});
