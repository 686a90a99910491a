// G3: a guest names a capability by a handle that it holds, or not at all: H1, P1, K2, by guests that try other ways.
import { describe, expect, test } from "vitest";
import { derive, MAX_HANDLES, MAX_OFFERS, newCapability, release } from "../../kernel/index.ts";
import { arg, contract, handle, integer, nothing, permissive, record, string, union } from "../../policy-libs/index.ts";
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
  OTHER,
  offered,
  offerOf,
  PUT,
  RELEASE,
  seen,
  TAKE,
  textOf,
} from "./hands.ts";

const cellAndBox = () => {
  const [cell, box] = [seen(CELL, () => Uint8Array.from(textOf("hello"))), seen(BOX)];
  const hand = newHand();
  const [cellHandle, boxHandle] = [hand.domain.grant(cell.given) as number, hand.domain.grant(box.given) as number];
  return { cell, box, hand, cellHandle, boxHandle };
};

describe("G3 authority: numbers that are let go", () => {
  test("a handle that was let go stays dead, also when its slot is used again", async () => {
    const [first, second, hand] = [seen(CELL), seen(CELL, () => Uint8Array.from(textOf("two"))), newHand()];
    const old = hand.domain.grant(first.given) as number;
    await hand.call(old, RELEASE);
    const young = hand.domain.grant(second.given) as number;
    expect(young & 0x3fff).toBe(old & 0x3fff);
    expect((await hand.call(old, GET)).code).toBe("E_HANDLE");
    expect((await hand.call(young, GET)).bytes).toEqual(textOf("two"));
    expect(first.calls).toEqual([]);
  });

  test("a c-list has so many places and no more, and a place that was left is one", async () => {
    const [{ given }, hand] = [seen(CELL), newHand()];
    for (let i = 0; i < MAX_HANDLES; i++) expect(hand.domain.grant(given)).toBe(i);
    expect(hand.domain.grant(given)).toBeUndefined();
    await hand.call(7, RELEASE);
    expect(hand.domain.grant(given)).toBe(7 + 2 ** 14);
    expect(hand.domain.grant(given)).toBeUndefined();
  });
});

describe("G3 authority: handles in arguments", () => {
  test("what a guest holds passes, under the contract it holds it", async () => {
    const { cell, box, hand, cellHandle, boxHandle } = cellAndBox();
    expect(await hand.call(boxHandle, TAKE, [0x81, ...handleOf(cellHandle)])).toEqual({ bytes: [...NOTHING] });
    const [call] = box.calls;
    expect(call?.bytes).toEqual([0x81, ...handleOf(0)]);
    expect(call?.capabilities.map(({ contract, target }) => [contract, target])).toEqual([[CELL, cell.given.target]]);
  });

  test.each<[string, (cell: number, box: number) => number[], string]>([
    ["that it does not hold", () => handleOf(12), "E_HANDLE"],
    ["with bits beyond those of a handle", (cell) => handleOf(cell + 2 ** 14), "E_HANDLE"],
    ["of another contract", (_, box) => handleOf(box), "E_VALUE"],
    ["whose number is written in fewer bytes", (cell) => [...handleOf(cell).slice(0, 5), cell], "E_VALUE"],
    ["twice", (cell) => [...handleOf(cell), ...handleOf(cell)], "E_VALUE"],
    ["in a list", (cell) => [0x81, ...handleOf(cell)], "E_VALUE"],
    ["that is a number", (cell) => [cell], "E_VALUE"],
  ])("a handle %s does not pass, and its target is not called", async (_, bytesOf, code) => {
    const { box, hand, cellHandle, boxHandle } = cellAndBox();
    // What a right call has left in the kernel's scratch space is no part of this one.
    await hand.call(boxHandle, TAKE, [0x81, ...handleOf(cellHandle)]);
    expect((await hand.call(boxHandle, TAKE, [0x81, ...bytesOf(cellHandle, boxHandle)])).code).toBe(code);
    expect(box.calls.length).toBe(1);
  });

  test("a handle passes nowhere else: not as text, and not where anything may stand", async () => {
    const open = contract({
      ...{ name: "open", allows: "", never: "" },
      calls: { tell: { takes: [arg("what", { type: "any" })], gives: nothing(), refuses: [], about: "" } },
    });
    const [{ given, calls }, { hand, cellHandle }] = [seen(open), cellAndBox()];
    const openHandle = hand.domain.grant(given) as number;
    for (const bytes of [
      handleOf(cellHandle),
      [0x81, ...handleOf(cellHandle)],
      offerOf(1),
      [0xa1, 0x61, 97, ...offerOf(1)],
    ])
      expect((await hand.call(openHandle, 0, [0x81, ...bytes])).code).toBe("E_VALUE");
    expect(calls).toEqual([]);
    expect((await hand.call(openHandle, 0, [0x81, 0x80])).code).toBeUndefined();
  });

  test("a plain function, under the contract that allows anything, is neither given a handle nor gives one", async () => {
    const { hand, cellHandle } = cellAndBox();
    const { given, calls } = seen(permissive("plain", ["it"]), () => Uint8Array.from(handleOf(0)));
    const plain = hand.domain.grant(given) as number;
    for (const bytes of [handleOf(cellHandle), offerOf(1), [0x81, ...handleOf(cellHandle)]])
      expect((await hand.call(plain, 0, [0x81, ...bytes])).code).toBe("E_VALUE");
    expect(calls).toEqual([]);
    expect((await hand.call(plain, 0)).code).toBe("E_TARGET");
  });

  test("a contract of the same name that says something else is another contract", async () => {
    const lookalike = contract({
      ...{ name: CELL.name, allows: CELL.allows, never: CELL.never },
      calls: { ...CELL.data.calls, get: { takes: [], gives: string(), refuses: ["E_EMPTY"], about: "" } },
    });
    const { box, hand, boxHandle } = cellAndBox();
    const [same] = [seen(contract(CELL.data)), seen(lookalike)].map(({ given }) => hand.domain.grant(given) as number);
    expect((await hand.call(boxHandle, TAKE, [0x81, ...handleOf((same as number) + 1)])).code).toBe("E_VALUE");
    expect((await hand.call(boxHandle, TAKE, [0x81, ...handleOf(same as number)])).code).toBeUndefined();
    expect(box.calls.length).toBe(1);
  });

  test("a capability that was revoked is not passed on", async () => {
    const { box, hand, cellHandle, boxHandle } = cellAndBox();
    hand.domain.revoke(cellHandle);
    expect((await hand.call(boxHandle, TAKE, [0x81, ...handleOf(cellHandle)])).code).toBe("E_REVOKED");
    expect(box.calls).toEqual([]);
  });

  test("one shared handle is one capability, wherever it is referred to", async () => {
    const pair = contract({
      ...{ name: "pair", allows: "", never: "" },
      calls: {
        take: { takes: [arg("a", handle(CELL)), arg("b", handle(CELL))], gives: nothing(), refuses: [], about: "" },
      },
    });
    const hand = newHand();
    const server = newHand();
    const cellHandle = hand.domain.grant(seen(CELL, () => Uint8Array.from(textOf("one"))).given) as number;
    const pairs = await offered(server, 1, pair);
    const pairHandle = hand.domain.grant(pairs) as number;
    // So that a number that was translated twice would be no index of what is under way.
    for (let i = 0; i < 3; i++) server.domain.grant(seen(OTHER).given);
    await hand.call(pairHandle, 0, [0x82, 0xd8, 28, ...handleOf(cellHandle), 0xd8, 29, 0]);
    const [received, ...more] = handlesIn((await invoked(server)).bytes);
    expect([received, ...more]).toEqual([3]);
    expect((await server.call(received as number, GET)).bytes).toEqual(textOf("one"));
  });

  test("an alternative of a union that did not fit leaves no handle behind: it would pass as what it is not", async () => {
    const either = union(record({ it: handle(CELL), of: integer() }), record({ it: handle(OTHER), of: string() }));
    const choice = contract({
      ...{ name: "choice", allows: "", never: "" },
      calls: { take: { takes: [arg("either", either)], gives: nothing(), refuses: [], about: "" } },
    });
    const { hand, cellHandle } = cellAndBox();
    const { given, calls } = seen(choice);
    const choiceHandle = hand.domain.grant(given) as number;
    const otherHandle = hand.domain.grant(seen(OTHER).given) as number;
    const args = (it: number, of: number[]): number[] => [
      0x81,
      0xa2,
      ...textOf("it"),
      ...handleOf(it),
      ...textOf("of"),
      ...of,
    ];
    expect((await hand.call(choiceHandle, 0, args(cellHandle, textOf("x")))).code).toBe("E_VALUE");
    expect((await hand.call(choiceHandle, 0, args(otherHandle, [1]))).code).toBe("E_VALUE");
    expect(calls).toEqual([]);
    expect((await hand.call(choiceHandle, 0, args(otherHandle, textOf("x")))).code).toBeUndefined();
    expect((await hand.call(choiceHandle, 0, args(cellHandle, [1]))).code).toBeUndefined();
    expect(calls.map(({ capabilities }) => capabilities[0]?.contract)).toEqual([OTHER, CELL]);
  });
});

describe("G3 authority: handles between domains", () => {
  test("an object of a domain is called there, by whoever was given it, and answers", async () => {
    const [owner, user] = [newHand(), newHand()];
    const cell = user.domain.grant(await offered(owner, 9)) as number;
    const { token } = await user.call(cell, GET);
    const invocation = await invoked(owner);
    expect([invocation.object, invocation.bytes.slice(4)]).toEqual([9, [...textOf("get"), 0x80]]);
    await owner.answer(invocation.token, true, textOf("mine"));
    expect(token).toBeTypeOf("number");
    expect(await user.completion()).toEqual({ ok: true, bytes: textOf("mine") });
  });

  test("an object arrives as a handle, and a number is translated into one of the receiver's", async () => {
    const [owner, user, server] = [newHand(), newHand(), newHand()];
    for (let i = 0; i < 3; i++) server.domain.grant(seen(OTHER).given);
    const cell = user.domain.grant(await offered(owner, 9)) as number;
    const box = user.domain.grant(await offered(server, 1, BOX)) as number;
    await user.call(box, TAKE, [0x81, ...handleOf(cell)]);
    expect(handlesIn((await invoked(server)).bytes)).toEqual([3]);
    await user.call(box, TAKE, [0x81, ...offerOf(0x15)]);
    expect(handlesIn((await invoked(server)).bytes)).toEqual([4]);
    await server.call(4, GET);
    expect((await invoked(user)).object).toBe(0x15);
  });

  test("what is in flight is the guest's value of then: it cannot be changed after the check", async () => {
    const [owner, user] = [newHand(), newHand()];
    const cell = user.domain.grant(await offered(owner, 9)) as number;
    await user.call(cell, PUT, [0x81, ...textOf("first")]);
    await user.call(cell, PUT, [0x81, ...textOf("other")]);
    expect((await invoked(owner)).bytes.slice(8)).toEqual([0x81, ...textOf("first")]);
  });

  test("the same object is the same capability as long as somebody holds it; then its owner is told how often it was sent", async () => {
    const [owner, user] = [newHand(), newHand()];
    const [first, second] = [await offered(owner, 9), await offered(owner, 9)];
    expect(first.parents[0]).toBe(second.parents[0]);
    const handles = [first, second].map((one) => user.domain.grant(one) as number);
    await owner.receive();
    for (const handle of handles) await user.call(handle, RELEASE);
    expect(await owner.receive()).toBeUndefined();
    release(first);
    release(second);
    expect(await owner.receive()).toEqual([0x83, 3, 9, 2]);
    expect(await owner.receive()).toBeUndefined();
  });

  test("a domain has so many objects with others, and no more", async () => {
    const owner = newHand({ allowance: { fuel: 1e12 } });
    const [{ given }] = [seen(BOX)];
    const kept: unknown[] = [];
    const box = owner.domain.grant({
      ...given,
      target: (...[, , , { capabilities }]) => {
        kept.push(capabilities);
        return NOTHING;
      },
    }) as number;
    for (let object = 0; object < MAX_OFFERS; object++)
      expect((await owner.call(box, TAKE, [0x81, ...offerOf(object)])).code).toBeUndefined();
    expect((await owner.call(box, TAKE, [0x81, ...offerOf(MAX_OFFERS)])).code).toBe("E_BUSY");
    expect((await owner.call(box, TAKE, [0x81, ...offerOf(5)])).code).toBeUndefined();
    expect(kept.length).toBe(MAX_OFFERS + 1);
  }, 120_000);

  test("what does not all fit into the receiver's c-list leaves nothing there", async () => {
    const [user, server] = [newHand(), newHand()];
    const pair = contract({
      ...{ name: "pair", allows: "", never: "" },
      calls: {
        take: { takes: [arg("a", handle(CELL)), arg("b", handle(CELL))], gives: nothing(), refuses: [], about: "" },
      },
    });
    const { given } = seen(CELL);
    const cell = user.domain.grant(given) as number;
    const box = user.domain.grant(await offered(server, 1, pair)) as number;
    for (let i = 0; i < MAX_HANDLES - 1; i++) server.domain.grant(given);
    const args = [0x82, ...handleOf(cell), ...handleOf(cell)];
    expect((await user.call(box, 0, args)).code).toBe("E_BUSY");
    expect(server.domain.grant(given)).toBe(MAX_HANDLES - 1 + 2 ** 14);
    expect(server.domain.grant(given)).toBeUndefined();
  });

  test("a result whose handles do not fit is an error, and nothing of it is kept", async () => {
    const [hand, source] = [newHand(), newCapability(CELL, () => NOTHING)];
    const box = hand.domain.grant({
      contract: BOX,
      target: () => ({ value: Uint8Array.from(handleOf(0)), capabilities: [source] }),
    }) as number;
    while (hand.domain.grant(seen(CELL).given) !== undefined);
    expect((await hand.call(box, GIVE)).code).toBe("E_BUSY");
    expect(source.derived?.size ?? 0).toBe(0);
  });
});

describe("G6 attenuation: deriving", () => {
  test("a derived capability has the contract and the target of its source, whatever else it hangs on", () => {
    const [cell, box] = [newCapability(CELL, seen(CELL).given.target), newCapability(BOX, seen(BOX).given.target)];
    for (const derived of [derive(cell), derive(cell, box), derive(derive(cell, box), box)]) {
      expect([derived.contract, derived.target]).toEqual([cell.contract, cell.target]);
      expect(derived.state).toBe("live");
    }
  });
});
