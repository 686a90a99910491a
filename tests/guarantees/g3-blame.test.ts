// G3: who breaks a contract bears it. A wrong argument is its caller's error; a wrong result or an undeclared refusal
// costs a host's target its capability, and a domain its life: K1, A3.
import { describe, expect, test } from "vitest";
import { type CallContract, newCapability, type Reply } from "../../kernel/index.ts";
import {
  BOX,
  CELL,
  errorOf,
  GET,
  GIVE,
  handleOf,
  invoked,
  NOTHING,
  newHand,
  OTHER,
  offered,
  offerOf,
  PUT,
  requested,
  seen,
  settled,
  textOf,
} from "./hands.ts";

const callOf = (contract: { readonly calls: readonly CallContract[] }, method: number): CallContract =>
  contract.calls[method] as CallContract;

describe("G3 authority: blame of a caller", () => {
  test.each<[string, number[]]>([
    ["nothing", [0x80]],
    ["too many", [0x82, ...textOf("a"), ...textOf("b")]],
    ["of another type", [0x81, 7]],
    ["too long", [0x81, ...textOf("longer")]],
    ["no list", textOf("a")],
  ])(
    "arguments that its contract does not allow (%s) are its error: no host's target sees them, nor a domain",
    async (_, args) => {
      const [owner, user] = [newHand(), newHand()];
      const { given, calls } = seen(CELL);
      const handles = [user.domain.grant(given) as number, user.domain.grant(await offered(owner, 1)) as number];
      for (const handle of handles) {
        expect((await user.call(handle, PUT, args)).code).toBe("E_VALUE");
        expect((await user.call(handle, PUT, [0x81, ...textOf("right")])).code).toBeUndefined();
      }
      expect(calls.length).toBe(1);
      expect((await invoked(owner)).bytes.slice(-6)).toEqual(textOf("right"));
      expect(await owner.receive()).toBeUndefined();
      expect([owner.domain.ending(), user.domain.ending()]).toEqual([undefined, undefined]);
    },
  );
});

const inner = newCapability(OTHER, () => NOTHING);
/** Answers of a target of the host, to a call of BOX or CELL, that its contract does not allow. */
const WRONG: readonly [string, number, Reply][] = [
  ["a result of another type", GET, Uint8Array.of(7)],
  ["a result that is too long", GET, Uint8Array.from(textOf("longer"))],
  ["a refusal that is not declared", GET, { failed: Uint8Array.from(errorOf("E_FULL")) }],
  ["a refusal without a code", GET, { failed: Uint8Array.of(...[0xd8, 27, 0x82], ...textOf("Error"), 0xa0) }],
  ["a refusal with two codes", GET, { failed: Uint8Array.from(errorOf("E_FULL", "E_EMPTY")) }],
  ["a refusal with the same code twice", GET, { failed: Uint8Array.from(errorOf("E_EMPTY", "E_EMPTY")) }],
  ["text instead of bytes", GET, "text" as never],
  ["null", GET, null as never],
  ["a failure that is none", GET, { failed: undefined } as never],
];
const WRONG_CELLS: readonly [string, Reply][] = [
  ["a capability of another contract", { value: Uint8Array.from(handleOf(0)), capabilities: [inner] }],
  ["a capability that is not there", { value: Uint8Array.from(handleOf(1)), capabilities: [inner] }],
  ["none", { value: Uint8Array.of(7), capabilities: [inner] }],
];

describe("G3 authority: blame of a target of the host", () => {
  const cases = [
    ...WRONG.map(([what, method, reply]) => [what, CELL, method, reply] as const),
    ...WRONG_CELLS.map(([what, reply]) => [what, BOX, GIVE, reply] as const),
  ];
  test.each(cases.flatMap(([what, ...rest]) => [true, false].map((later) => [what, later, ...rest] as const)))(
    "%s (later: %s) costs it its capability; the caller learns that, and lives",
    async (_, later, contract, method, reply) => {
      const hand = newHand();
      const { given, calls } = seen(contract);
      const target = (...args: Parameters<typeof given.target>) => {
        given.target(...args);
        return later ? Promise.resolve(reply) : reply;
      };
      const [bad, good] = [hand.domain.grant({ ...given, target }) as number, hand.domain.grant(given) as number];
      const called = await hand.call(bad, method);
      await settled();
      expect((later ? await hand.completion() : called).code).toBe("E_TARGET");
      const again = await hand.call(bad, method);
      expect(again.code).toBe("E_REVOKED");
      expect(Buffer.from(again.bytes).toString("latin1")).toContain("broken");
      expect(calls.length).toBe(1);
      if (contract === CELL) expect((await hand.call(good, PUT, [0x81, ...textOf("a")])).code).toBeUndefined();
      expect(hand.domain.ending()).toBeUndefined();
    },
  );

  test("what is derived from a broken capability is broken, and answers what is in flight", async () => {
    const [first, second] = [newHand(), newHand()];
    const replies: Reply[] = [Uint8Array.of(7)];
    const { given, calls } = seen(CELL, () => replies.pop() ?? "later");
    const source = newCapability(CELL, given.target);
    const [a, b] = [first.domain.grant(source) as number, second.domain.grant(source) as number];
    replies.length = 0;
    await second.call(b, GET);
    replies.push(Uint8Array.of(7));
    expect((await first.call(a, GET)).code).toBe("E_TARGET");
    expect(calls[0]?.wasDropped).toBe(false);
    // The breach was made by what `first` holds, derived from the source: what others hold is not its to take.
    expect((await second.call(b, GET)).code).toBeUndefined();
  });

  test("a refusal that is declared reaches the caller, and costs nothing", async () => {
    const hand = newHand();
    const { given, calls } = seen(CELL, () => ({ failed: Uint8Array.from(errorOf("E_EMPTY")) }));
    const cell = hand.domain.grant(given) as number;
    for (let i = 0; i < 2; i++) expect((await hand.call(cell, GET)).code).toBe("E_EMPTY");
    expect(calls.length).toBe(2);
  });
});

describe("G3 authority: blame of a domain", () => {
  test.each<[string, boolean, number[]]>([
    ["a result of another type", true, [7]],
    ["a result that is too long", true, textOf("longer")],
    ["a refusal that is not declared", false, errorOf("E_FULL")],
    ["a refusal that is no error", false, [7]],
    ["a handle that is not due", true, handleOf(0)],
    ["bytes that are no value", true, [0x82, 1]],
  ])("%s ends it, and the caller learns no more than that", async (_, ok, value) => {
    const [owner, user] = [newHand(), newHand()];
    const cell = user.domain.grant(await offered(owner, 1)) as number;
    await user.call(cell, GET);
    const { token } = await invoked(owner);
    await owner.answer(token, ok, value).catch(() => undefined);
    expect(owner.domain.ending()).toMatchObject({ kind: "refused", by: "contract" });
    await settled();
    const { code, bytes } = await user.completion();
    expect(code).toMatch(/E_TARGET|E_REVOKED/);
    expect(Buffer.from(bytes).toString("latin1")).not.toContain("E_FULL");
    expect((await user.call(cell, GET)).code).toBe("E_REVOKED");
    expect(user.domain.ending()).toBeUndefined();
  });

  test.each<[string, number[]]>([
    ["a handle that it does not hold", handleOf(33)],
    ["a handle of another contract", handleOf(0)],
  ])("%s, where one is due, ends it", async (_, value) => {
    const owner = newHand();
    owner.domain.grant(seen(OTHER).given);
    const { token, answer } = await requested(owner, callOf(BOX, GIVE));
    await owner.answer(token, true, value).catch(() => undefined);
    expect(await answer).toMatchObject({ kind: "ended", ending: { kind: "refused", by: "contract" } });
    expect(owner.domain.ending()).toMatchObject({ kind: "refused", by: "contract" });
  });

  test("a refusal that is declared reaches the caller, and the domain goes on", async () => {
    const [owner, user] = [newHand(), newHand()];
    const cell = user.domain.grant(await offered(owner, 1)) as number;
    for (let i = 0; i < 2; i++) {
      await user.call(cell, GET);
      await owner.answer((await invoked(owner)).token, false, errorOf("E_EMPTY"));
      expect(await user.completion()).toMatchObject({ ok: false, code: "E_EMPTY" });
    }
    expect(owner.domain.ending()).toBeUndefined();
  });

  test("a caller cannot make a domain break its contract: what a wrong call is answered with was never asked", async () => {
    const [owner, user] = [newHand(), newHand()];
    const cell = user.domain.grant(await offered(owner, 1)) as number;
    await user.call(cell, 7);
    await user.call(cell, PUT, [0x81, ...offerOf(1)]);
    await settled();
    expect(await owner.receive()).toBeUndefined();
  });
});
