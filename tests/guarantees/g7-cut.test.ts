// G7: cutting a capability reaches all that was derived from it, through domains too: H2, H3, P2, A2.
import { describe, expect, test } from "vitest";
import { type Capability, cut, derive, MAX_DERIVED, newCapability, type Reply, release } from "../../kernel/index.ts";
import {
  BOX,
  CELL,
  GET,
  GIVE,
  handleOf,
  handlesIn,
  invoked,
  NOTHING,
  newHand,
  offered,
  RELEASE,
  seen,
  settled,
  TAKE,
  textOf,
} from "./hands.ts";

const HELLO = Uint8Array.from(textOf("hello"));

/** Passes a handle through a box; gives the number under which it arrives. */
async function passed(from: ReturnType<typeof newHand>, box: number, to: ReturnType<typeof newHand>, cell: number) {
  await from.call(box, TAKE, [0x81, ...handleOf(cell)]);
  const { token, bytes } = await invoked(to);
  await to.answer(token, true, [...NOTHING]);
  expect((await from.completion()).ok).toBe(true);
  return handlesIn(bytes)[0] as number;
}

describe("G7 revocation: what is derived", () => {
  test("cutting ends it in every domain that it was passed to, at once", async () => {
    const hands = [newHand(), newHand(), newHand()] as const;
    const { given, calls } = seen(CELL, () => HELLO);
    const source = newCapability(given.contract, given.target);
    const held = [hands[0].domain.grant(source) as number];
    for (const i of [0, 1] as const) {
      const box = hands[i].domain.grant(await offered(hands[i + 1] as (typeof hands)[0], 1, BOX)) as number;
      held.push(await passed(hands[i], box, hands[i + 1] as (typeof hands)[0], held[i] as number));
    }
    for (const [i, hand] of hands.entries())
      expect((await hand.call(held[i] as number, GET)).bytes).toEqual([...HELLO]);
    cut(source);
    for (const [i, hand] of hands.entries()) expect((await hand.call(held[i] as number, GET)).code).toBe("E_REVOKED");
    expect(calls.length).toBe(3);
  });

  test("cutting what it was passed over ends it there, and not where it came from", async () => {
    const [from, to] = [newHand(), newHand()];
    const cell = from.domain.grant(seen(CELL, () => HELLO).given) as number;
    const box = from.domain.grant(await offered(to, 1, BOX)) as number;
    const there = await passed(from, box, to, cell);
    expect((await to.call(there, GET)).bytes).toEqual([...HELLO]);
    from.domain.revoke(box);
    expect((await to.call(there, GET)).code).toBe("E_REVOKED");
    expect((await from.call(cell, GET)).bytes).toEqual([...HELLO]);
  });

  test.each(["at once", "later"])("what a capability gave %s ends with it", async (when) => {
    const hand = newHand();
    const { given, calls } = seen(CELL, () => HELLO);
    const inner = newCapability(given.contract, given.target);
    const reply: Reply = { value: Uint8Array.from(handleOf(0)), capabilities: [inner] };
    const box = hand.domain.grant({
      contract: BOX,
      target: () => (when === "later" ? Promise.resolve(reply) : reply),
    }) as number;
    const { bytes, token } = await hand.call(box, GIVE);
    await settled();
    const [cell] = handlesIn(token === undefined ? bytes : (await hand.completion()).bytes);
    expect((await hand.call(cell as number, GET)).bytes).toEqual([...HELLO]);
    hand.domain.revoke(box);
    expect((await hand.call(cell as number, GET)).code).toBe("E_REVOKED");
    expect([calls.length, inner.state]).toEqual([1, "live"]);
  });

  test("what is derived of something dead, or of several things of which one is, is born dead", async () => {
    const [alive, dead] = [newCapability(CELL, () => HELLO), newCapability(CELL, () => HELLO)];
    cut(dead);
    const hand = newHand();
    for (const one of [derive(dead), derive(alive, dead), derive(dead, alive)]) {
      const handle = hand.domain.grant(one) as number;
      expect((await hand.call(handle, GET)).code).toBe("E_REVOKED");
    }
    expect((await hand.call(hand.domain.grant(derive(alive)) as number, GET)).bytes).toEqual([...HELLO]);
  });

  test("what hangs on several things dies with each of them", () => {
    for (const doomed of [0, 1, 2]) {
      const parents = [0, 1, 2].map(() => newCapability(CELL, () => HELLO)) as [Capability, Capability, Capability];
      const [child, grandchild] = [derive(...parents), derive(derive(...parents))];
      cut(parents[doomed]);
      expect([child.state, grandchild.state]).toEqual(["revoked", "revoked"]);
      expect(parents.filter(({ state }) => state === "live").length).toBe(2);
    }
  });

  test("so many can be derived from one and no more: what is beyond is dead, and the others are not", () => {
    const source = newCapability(CELL, () => HELLO);
    const derived = Array.from({ length: MAX_DERIVED }, () => derive(source));
    expect(derive(source).state).toBe("revoked");
    expect(derived.every(({ state }) => state === "live")).toBe(true);
    cut(derived[0]);
    expect(derive(source).state).toBe("live");
    cut(source);
    expect(derived.every(({ state }) => state === "revoked")).toBe(true);
  });
});

describe("G7 revocation: calls in flight", () => {
  test("they answer E_REVOKED at once, their target is told, and what it says later reaches nobody", async () => {
    const hand = newHand();
    const { given, calls } = seen(CELL, () => "later");
    const cell = hand.domain.grant(given) as number;
    expect((await hand.call(cell, GET)).token).toBeTypeOf("number");
    hand.domain.revoke(cell);
    expect(calls[0]?.wasDropped).toBe(true);
    expect(await hand.completion()).toMatchObject({ ok: false, code: "E_REVOKED" });
    calls[0]?.settle(HELLO);
    await settled();
    expect(await hand.receive()).toBeUndefined();
  });

  test("whoever hears of it finds all of it dead: nothing that was derived can be called in between", () => {
    const states: string[][] = [];
    const source = newCapability(CELL, () => HELLO);
    const family = [derive(source), derive(derive(source)), derive(source)];
    const tell = () => void states.push([source, ...family].map(({ state }) => state));
    for (const one of [source, ...family]) one.inFlight = new Set([tell]);
    cut(source);
    expect(states).toEqual(new Array(4).fill(new Array(4).fill("revoked")));
  });

  test("a target that revokes its own capability while it is called is not called again, and its promise is not kept", async () => {
    const hand = newHand();
    let count = 0;
    const cell = hand.domain.grant({
      contract: CELL,
      target: () => {
        count++;
        hand.domain.revoke(cell);
        return Promise.resolve(HELLO);
      },
    }) as number;
    expect((await hand.call(cell, GET)).code).toBe("E_REVOKED");
    expect((await hand.call(cell, GET)).code).toBe("E_REVOKED");
    await settled();
    expect([count, await hand.receive()]).toEqual([1, undefined]);
  });

  test("a domain that serves one is told when it answers: nobody wants to know", async () => {
    const [owner, user] = [newHand(), newHand()];
    const cell = user.domain.grant(await offered(owner, 4)) as number;
    await user.call(cell, GET);
    const { token } = await invoked(owner);
    user.domain.revoke(cell);
    expect(await owner.answer(token, true, textOf("late"))).toBe(-1);
    expect(owner.domain.ending()).toBeUndefined();
  });

  test("nor is what a target answers at once after it revoked its own capability", async () => {
    const hand = newHand();
    const cell = hand.domain.grant({
      contract: CELL,
      target: () => {
        hand.domain.revoke(cell);
        return HELLO;
      },
    }) as number;
    expect((await hand.call(cell, GET)).code).toBe("E_REVOKED");
  });

  test("what nobody takes any more lets go of what it would have given", async () => {
    const [hand, owner] = [newHand(), newHand()];
    const { given, calls } = seen(BOX, () => "later");
    const box = hand.domain.grant(given) as number;
    await hand.call(box, GIVE);
    const inner = await offered(owner, 4);
    hand.domain.revoke(box);
    calls[0]?.settle({ value: Uint8Array.from(handleOf(0)), capabilities: [inner] });
    await settled();
    expect(inner.derived?.size ?? 0).toBe(0);
  });
});

describe("G7 revocation: the end of a domain", () => {
  test("revokes what it offered, and answers those who wait", async () => {
    const [owner, user] = [newHand(), newHand()];
    const cell = user.domain.grant(await offered(owner, 4)) as number;
    await user.call(cell, GET);
    owner.domain.end();
    expect((await user.completion()).code).toMatch(/E_REVOKED|E_TARGET/);
    expect((await user.call(cell, GET)).code).toBe("E_REVOKED");
    expect(await user.receive()).toBeUndefined();
  });

  test("lets go of what it held: whose it was is told", async () => {
    const [owner, user] = [newHand(), newHand()];
    const held = await offered(owner, 4);
    user.domain.grant(held);
    release(held);
    expect(await owner.receive()).toBeUndefined();
    user.domain.end();
    expect(await owner.receive()).toEqual([0x83, 3, 4, 1]);
  });

  test("tells the targets of its calls in flight that nobody wants to know", async () => {
    const hand = newHand();
    const { given, calls } = seen(CELL, () => "later");
    await hand.call(hand.domain.grant(given) as number, GET);
    hand.domain.end();
    expect(calls[0]?.wasDropped).toBe(true);
  });

  test("what a domain gave is held by who got it, and by nobody in between: its owner hears when both let it go", async () => {
    const [owner, between, user] = [newHand(), newHand(), newHand()];
    const given = await offered(owner, 4);
    const cell = between.domain.grant(given) as number;
    release(given);
    const box = user.domain.grant(await offered(between, 1, BOX)) as number;
    await user.call(box, GIVE);
    await between.answer((await invoked(between)).token, true, handleOf(cell));
    const [got] = handlesIn((await user.completion()).bytes);
    expect((await user.call(got as number, GET)).token).toBeTypeOf("number");
    const asked = await invoked(owner);
    expect(asked.object).toBe(4);
    await user.call(got as number, RELEASE);
    expect(await owner.receive()).toBeUndefined();
    await between.call(cell, RELEASE);
    // The call that is in flight holds it still.
    expect(await owner.receive()).toBeUndefined();
    await owner.answer(asked.token, true, [...HELLO]);
    expect(await owner.receive()).toEqual([0x83, 3, 4, 1]);
  });

  test("a guest that lets its only handle go leaves nothing behind, and what it passed on lives", async () => {
    const [from, to] = [newHand(), newHand()];
    const source = newCapability(CELL, () => HELLO);
    const cell = from.domain.grant(source) as number;
    const box = from.domain.grant(await offered(to, 1, BOX)) as number;
    const there = await passed(from, box, to, cell);
    await from.call(cell, RELEASE);
    expect((await to.call(there, GET)).bytes).toEqual([...HELLO]);
    expect(source.derived?.size).toBe(1);
    await to.call(there, RELEASE);
    expect(source.derived?.size).toBe(0);
  });
});
