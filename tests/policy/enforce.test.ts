// Enforcement of a policy, call by call, over guests that are moved by hand: what is committed when, and what is let go.
import { describe, expect, test } from "vitest";
import { newCapability, type Parcel } from "../../kernel/index.ts";
import {
  BOX,
  CELL,
  errorOf,
  GET,
  GIVE,
  handleOf,
  handlesIn,
  invoked,
  NOTHING,
  newHand,
  offered,
  PUT,
  RELEASE,
  seen,
  settled,
  TAKE,
  textOf,
} from "../guarantees/hands.ts";
import { enforced } from "./enforced.ts";

const HELLO = Uint8Array.from(textOf("hello"));
const text = (...rules: readonly string[]): string =>
  `policy p over cell.*, box.* { default abstain ${rules.join(" ")} }`;
const putting = (what: string): number[] => [0x81, ...textOf(what)];

/** A guest under these rules with a cell that answers as it is told. */
function guest(rules: readonly string[], answer: Parameters<typeof seen>[1] = () => HELLO, isHeard = true) {
  const policy = enforced(text(...rules), [CELL, BOX], isHeard);
  const hand = newHand({ monitor: policy.monitor });
  const { given, calls } = seen(CELL, answer);
  return { ...policy, hand, calls, cell: hand.domain.grant(given) as number };
}

describe("a performed call", () => {
  test("is part of the past before its target runs, and what it comes to afterwards", async () => {
    const seenBy: string[][] = [];
    const { hand, cell, kinds } = guest(
      ["deny cell.get when once result cell.put", "deny cell.put when once failed cell.get"],
      () => {
        seenBy.push(kinds());
        return HELLO;
      },
    );
    await hand.call(cell, GET);
    expect([seenBy, kinds()]).toEqual([[["call cell.get"]], ["call cell.get", "result cell.get"]]);
  });

  test("that fails is a failure, and one that answers outside of its contract too", async () => {
    for (const reply of [{ failed: Uint8Array.from(errorOf("E_EMPTY")) }, Uint8Array.of(0x01), Uint8Array.of(0xff)]) {
      const { hand, cell, kinds } = guest(["deny cell.put when once failed cell.get"], () => reply);
      expect((await hand.call(cell, GET)).code).toBe("failed" in reply ? "E_EMPTY" : "E_TARGET");
      expect(kinds()).toEqual(["call cell.get", "failed cell.get"]);
    }
  });

  test("whose result is withheld is a failure to the past, and shows nothing of it", async () => {
    const { hand, cell, past, kinds } = guest([
      "deny result cell.get",
      "deny cell.put when once result cell.get or once failed cell.get",
    ]);
    const { code, bytes } = await hand.call(cell, GET);
    expect([code, kinds(), past[1]?.data.size]).toEqual(["E_DENIED", ["call cell.get", "failed cell.get"], 0]);
    expect(Buffer.from(bytes).includes("hello")).toBe(false);
  });

  test("whose result is changed is remembered as the guest gets it", async () => {
    const { hand, cell, past } = guest(["change result cell.get so value first 2"]);
    expect((await hand.call(cell, GET)).bytes).toEqual(textOf("he"));
    expect(past[1]?.data.get("value")).toBe("he");
  });

  test("is performed with what a policy made of its arguments, and remembered so", async () => {
    const { hand, cell, calls, past } = guest(["change cell.put so text first 2"], () => NOTHING);
    expect((await hand.call(cell, PUT, putting("hello"))).bytes).toEqual([...NOTHING]);
    expect(calls[0]?.bytes).toEqual(putting("he"));
    expect([past[0]?.kind, past[0]?.data.get("text")]).toEqual(["call", "he"]);
  });
});

describe("a refused call", () => {
  test("is remembered as it was proposed, at the time of the refusal", async () => {
    const { hand, cell, questions, past, back } = guest(
      ["ask cell.put", "change cell.put so text first 2"],
      () => NOTHING,
    );
    await hand.call(cell, PUT, putting("hello"));
    back(70);
    questions[0]?.answer(false);
    await settled();
    expect((await hand.completion()).code).toBe("E_DENIED");
    expect(past.map(({ kind, time, data }) => [kind, time, data.get("text")])).toEqual([["refused", 70, "hello"]]);
  });

  test("that nobody waits for any more is no part of the past", async () => {
    const { hand, cell, questions, past, calls } = guest(["ask cell.get"]);
    await hand.call(cell, GET);
    await hand.call(cell, GET);
    hand.domain.end();
    questions[0]?.answer(false);
    questions[1]?.answer(true);
    await settled();
    expect([past, calls]).toEqual([[], []]);
  });

  test.each([
    ["deny box.take", 0, true],
    ["deny box.take", 0, false],
    ["ask box.take", 0, true],
    // One is performed, and holds what it got. Those with a space at their end are dropped meanwhile.
    ["delay box.take to 1 per 10ms deny box.take when once cell.get", 1, true],
    ["ask box.take ", 0, true],
    ["delay box.take to 1 per 10ms ", 1, true],
  ])("lets go what was sent with it: %s", async (rule, kept, isHeard) => {
    const { hand, cell, questions, until } = guest([rule], undefined, isHeard);
    const box = hand.domain.grant(seen(BOX, () => NOTHING).given) as number;
    const source = newCapability(CELL, () => HELLO);
    const mine = hand.domain.grant(source) as number;
    const take = () => hand.call(box, TAKE, [0x81, ...handleOf(mine)]);
    for (let i = 0; i < kept; i++) await take();
    for (let i = 0; i < 2; i++) await take();
    await hand.call(cell, GET);
    if (rule.endsWith(" ")) hand.domain.end();
    for (const { answer } of questions) answer(false);
    await settled();
    await until(1_000);
    await settled();
    if (!rule.endsWith(" ")) await hand.number("call", mine, RELEASE | 0, 0, 0, 0);
    const below = [...(source.derived ?? [])].flatMap(({ derived }) => [...(derived ?? [])]);
    expect(below.flatMap(({ derived }) => [...(derived ?? [])]).length).toBe(kept);
  });

  test("of a capability that the policy does not know lets go, too", async () => {
    const policy = enforced(`policy p over cell.* { default abstain deny cell.get when once cell.put }`, [CELL]);
    const hand = newHand({ monitor: policy.monitor });
    const source = newCapability(CELL, () => HELLO);
    const [box, mine] = [hand.domain.grant(seen(BOX).given), hand.domain.grant(source)] as [number, number];
    expect((await hand.call(box, TAKE, [0x81, ...handleOf(mine)])).code).toBe("E_DENIED");
    await hand.number("call", mine, RELEASE | 0, 0, 0, 0);
    expect(source.derived?.size ?? 0).toBe(0);
  });
});

describe("capabilities in what a call gives", () => {
  const boxOf = (hand: ReturnType<typeof newHand>, reply: Parcel): number =>
    hand.domain.grant(newCapability(BOX, () => ({ ...reply, value: reply.value.slice() }))) as number;

  test("are let go when the result is withheld: a host finds them unused, and keeps them", async () => {
    const { hand } = guest(["deny result box.give"]);
    const source = newCapability(CELL, () => HELLO);
    let unused = 0;
    source.onUnused = () => unused++;
    const box = boxOf(hand, { value: Uint8Array.from(handleOf(0)), capabilities: [source] });
    expect((await hand.call(box, GIVE)).code).toBe("E_DENIED");
    expect([unused, source.derived?.size, source.state]).toEqual([1, 0, "live"]);
  });

  test("of another domain go back to it when the result is withheld", async () => {
    const { hand } = guest(["deny result box.give"]);
    const other = newHand();
    const box = hand.domain.grant(await offered(other, 1, BOX)) as number;
    const { token } = await hand.call(box, GIVE);
    const call = await invoked(other);
    const own = newCapability(CELL, () => HELLO);
    const handle = other.domain.grant(own) as number;
    await other.answer(call.token, true, handleOf(handle));
    await settled();
    expect(token).toBeDefined();
    expect((await hand.completion()).code).toBe("E_DENIED");
    await other.number("call", handle, RELEASE | 0, 0, 0, 0);
    expect(own.derived?.size ?? 0).toBe(0);
  });

  test("are one capability each, given once or twice", async () => {
    const { hand, past } = guest(["deny cell.get when count cell.get per capability >= 2"]);
    const source = newCapability(CELL, () => HELLO);
    const box = boxOf(hand, { value: Uint8Array.from(handleOf(0)), capabilities: [source] });
    const [a, b] = [await hand.call(box, GIVE), await hand.call(box, GIVE)].map(
      ({ bytes }) => handlesIn(bytes)[0] as number,
    );
    const other = hand.domain.grant(newCapability(CELL, () => HELLO)) as number;
    const codes = [];
    for (const handle of [a, b, a, b, other, other, other]) codes.push((await hand.call(handle as number, GET)).code);
    const no = "E_DENIED";
    expect(codes).toEqual([undefined, undefined, no, no, undefined, undefined, no]);
    const ofCells = past.filter(({ op }) => op.name === "cell.get").map(({ capability }) => capability);
    expect([new Set(ofCells.slice(0, 4)).size, new Set(ofCells).size]).toEqual([1, 2]);
  });
});

describe("a guest's own object that comes back to it", () => {
  test("is not judged, and no part of the past", async () => {
    const { hand, past } = guest(["deny cell.get"]);
    const mine = await offered(hand, 7, CELL);
    const handle = hand.domain.grant(mine) as number;
    const { token } = await hand.call(handle, GET);
    expect([token === undefined, past]).toEqual([false, []]);
  });

  test("of another domain under another policy is judged by that of the caller", async () => {
    const [mine, theirs] = [guest(["deny cell.get"]), guest(["deny cell.put"])];
    const handle = mine.hand.domain.grant(await offered(theirs.hand, 7, CELL)) as number;
    expect((await mine.hand.call(handle, GET)).code).toBe("E_DENIED");
    expect((await mine.hand.call(handle, PUT, putting("a"))).token).toBeDefined();
    expect([mine.kinds(), theirs.kinds()]).toEqual([["refused cell.get", "call cell.put"], []]);
  });
});

describe("calls that wait", () => {
  const slow = "delay cell.get to 1 per 10ms";

  test("are performed in the order in which they came, and only the first has a timer", async () => {
    const { hand, cell, calls, sleepers, until, decided } = guest([slow]);
    for (let i = 0; i < 20; i++) await hand.call(cell, GET);
    await settled();
    for (let at = 0; at < 19; at++) {
      expect([calls.length, sleepers.length]).toEqual([at + 1, 1]);
      await until((at + 1) * 10);
      await settled();
    }
    expect([calls.length, sleepers.length]).toEqual([20, 0]);
    expect(decided.filter(({ verdict }) => verdict === "delayed").length).toBe(19);
  });

  test("are not overtaken by one that comes when there is time for one", async () => {
    const { hand, cell, past, until, back } = guest([`${slow} when count refused cell.get < 9`]);
    await hand.call(cell, GET);
    const second = await hand.call(cell, GET);
    await settled();
    back(10);
    const third = await hand.call(cell, GET);
    expect([second.token === undefined, third.token === undefined]).toEqual([false, false]);
    await until(10);
    await until(20);
    await settled();
    const tokens = [await hand.receive(), await hand.receive()].map((message) => message?.[2]);
    expect(tokens).toEqual([second.token, third.token]);
    expect(past.filter(({ kind }) => kind === "call").map(({ time }) => time)).toEqual([0, 10, 20]);
  });

  test("leave no line behind, whether performed, refused or dropped", async () => {
    for (const how of ["performed", "refused", "dropped"] as const) {
      const { hand, cell, under, until } = guest([slow, "deny cell.get when once cell.put"], () =>
        how === "refused" ? NOTHING : HELLO,
      );
      const codes = [await hand.call(cell, GET), await hand.call(cell, GET), await hand.call(cell, GET)];
      expect(codes.length).toBe(3);
      await settled();
      if (how === "refused") await hand.call(cell, PUT, putting("a"));
      if (how === "dropped") hand.domain.end();
      for (const time of [10, 20, 30]) {
        await until(time);
        await settled();
      }
      expect([how, under.lines.size]).toEqual([how, 0]);
    }
  });

  test("are judged by all that happened meanwhile", async () => {
    const { hand, cell, calls, until } = guest([slow, "deny cell.get when once cell.put"], () =>
      calls.length > 1 ? NOTHING : HELLO,
    );
    await hand.call(cell, GET);
    await hand.call(cell, GET);
    await settled();
    await hand.call(cell, PUT, putting("a"));
    await until(10);
    await settled();
    expect(calls.map(({ method }) => method)).toEqual([GET, PUT]);
    expect((await hand.completion()).code).toBe("E_DENIED");
  });

  test("hold up neither what is refused nor what is asked about", async () => {
    const slowly = "delay cell.put to 1 per 10ms";
    const { hand, cell, questions } = guest(
      [slowly, 'deny cell.put when text == "no"', 'ask cell.put when text == "ask"'],
      () => NOTHING,
    );
    for (const what of ["a", "b", "ask"]) await hand.call(cell, PUT, putting(what));
    expect((await hand.call(cell, PUT, putting("no"))).code).toBe("E_DENIED");
    expect(questions.length).toBe(1);
  });

  test("do not hold up those that wait for something else", async () => {
    const { hand, cell, calls, until } = guest(
      ['delay cell.put to 1 per 1h when text == "slow"', 'delay cell.put to 1 per 10ms when text == "fast"'],
      () => NOTHING,
    );
    for (const what of ["slow", "slow", "fast", "fast", "other"]) await hand.call(cell, PUT, putting(what));
    await settled();
    await until(10);
    await settled();
    expect(calls.map(({ bytes }) => bytes.length - 2)).toEqual([4, 4, 5, 4]);
  });
});

describe("time", () => {
  test("never goes back in what a policy sees", async () => {
    const { hand, cell, past, until, back } = guest(["deny cell.put when once cell.get within 5ms"]);
    await until(100);
    await hand.call(cell, GET);
    back(40);
    await hand.call(cell, GET);
    expect(past.filter(({ kind }) => kind === "call").map(({ time }) => time)).toEqual([100, 100]);
  });
});

describe("approvals", () => {
  test("are committed before the call they led to, and discharge the rule that asked alone", async () => {
    const { hand, cell, questions, kinds, calls } = guest(["ask cell.get of a", "ask cell.get of b"]);
    await hand.call(cell, GET);
    expect(questions.map(({ question }) => question.of)).toEqual(["a"]);
    questions[0]?.answer(true);
    await settled();
    expect([questions.map(({ question }) => question.of), calls.length]).toEqual([["a", "b"], 0]);
    questions[1]?.answer(true);
    await settled();
    expect([kinds(), calls.length]).toEqual([["approved cell.get", "call cell.get"], 1]);
  });

  test("of what is then delayed hold, and of what would be another call do not", async () => {
    const { hand, cell, questions, calls, until } = guest(
      ["ask cell.put", "delay cell.put to 1 per 10ms", "change cell.put so text first 1 when once cell.get"],
      () => (calls.at(-1)?.method === GET ? HELLO : NOTHING),
    );
    for (const what of ["ab", "cd"]) await hand.call(cell, PUT, putting(what));
    questions[0]?.answer(true);
    questions[1]?.answer(true);
    await settled();
    expect([calls.length, questions.length]).toEqual([1, 2]);
    await hand.call(cell, GET);
    await until(10);
    await settled();
    expect([calls.length, questions.map(({ question }) => question.arguments)]).toEqual([2, [["ab"], ["cd"], ["c"]]]);
    questions[2]?.answer(true);
    await settled();
    expect(calls.map(({ bytes }) => bytes)).toEqual([putting("ab"), [0x80], putting("c")]);
  });
});

describe("a halt", () => {
  test.each([true, false])(
    "leaves nothing that the policy speaks of, whatever its table said (heard: %s)",
    async (isHeard) => {
      const { hand, cell, halted, calls } = guest(
        ['halt cell.get when once cell.put because "over"'],
        () => (calls.at(-1)?.method === PUT ? NOTHING : HELLO),
        isHeard,
      );
      expect((await hand.call(cell, GET)).code).toBeUndefined();
      await hand.call(cell, PUT, putting("a"));
      expect((await hand.call(cell, GET)).code).toBe("E_DENIED");
      expect(halted).toEqual(["over"]);
      expect((await hand.call(cell, PUT, putting("a"))).code).toBe("E_DENIED");
      expect([calls.length, halted.length]).toEqual([2, 1]);
    },
  );

  test("takes those along that wait in line", async () => {
    const { hand, cell, calls, under, until } = guest(["delay cell.get to 1 per 10ms", "halt cell.put"]);
    for (let i = 0; i < 4; i++) await hand.call(cell, GET);
    await hand.call(cell, PUT, putting("a"));
    await until(10);
    await settled();
    const codes = [await hand.completion(), await hand.completion(), await hand.completion()].map(({ code }) => code);
    expect([codes, calls.length, under.lines.size]).toEqual([["E_DENIED", "E_DENIED", "E_DENIED"], 1, 0]);
  });

  test("lets go what others send with calls that come after it", async () => {
    const { hand, cell, monitor } = guest(["halt cell.put", "deny box.take when once cell.put"]);
    const other = newHand({ monitor });
    const source = newCapability(CELL, () => HELLO);
    const [box, mine] = [other.domain.grant(seen(BOX).given), other.domain.grant(source)] as [number, number];
    await hand.call(cell, PUT, putting("a"));
    expect((await other.call(box, TAKE, [0x81, ...handleOf(mine)])).code).toBe("E_DENIED");
    await other.number("call", mine, RELEASE | 0, 0, 0, 0);
    expect(source.derived?.size ?? 0).toBe(0);
  });

  test("takes those along that somebody is asked about", async () => {
    const { hand, cell, questions, calls } = guest(["ask cell.get", "halt cell.put"]);
    await hand.call(cell, GET);
    await hand.call(cell, PUT, putting("a"));
    questions[0]?.answer(true);
    await settled();
    expect([(await hand.completion()).code, calls.length]).toEqual(["E_DENIED", 0]);
  });
});
