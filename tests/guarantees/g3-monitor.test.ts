import { describe, expect, test } from "vitest";
import {
  type Capability,
  cut,
  derive,
  errorValue,
  type Failure,
  type JudgedCall,
  type Monitor,
  newCapability,
  type Parcel,
  type Perform,
} from "../../kernel/index.ts";
import { arg, contract, handle, nothing } from "../../policy-libs/index.ts";
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
  PUT,
  RELEASE,
  seen,
  settled,
  TAKE,
  textOf,
} from "./hands.ts";

const HELLO = Uint8Array.from(textOf("hello"));
const ASK = -1;
const REFUSED = -2;
type Judge = (call: JudgedCall, perform: Perform) => ReturnType<Perform>;

/** Events 0 and 1 are the calls of a cell, 2 and 3 those of a box; each has one row of the table. */
function monitorOf(rows: readonly (readonly number[])[], judge: Judge = () => NOTHING, only = ["cell", "box"]) {
  // A table has a power of two of states.
  const states = 2 ** Math.ceil(Math.log2(rows[0]?.length ?? 1));
  const table = rows.flatMap((row) => Array.from({ length: states }, (_, state) => row[state] ?? ASK));
  const [judged, changes]: [JudgedCall[], number[]] = [[], []];
  const monitor: Monitor = {
    ...{ state: Int32Array.of(0), table: Int16Array.from(table), states },
    eventsOf: ({ name }) => (only.includes(name) ? Int32Array.from(name === "cell" ? [0, 1] : [2, 3]) : undefined),
    refuse: (event, answer) => errorValue("E_DENIED", `event ${event} answer ${answer}`),
    judge: (call, perform) => {
      judged.push(call);
      return judge(call, perform);
    },
    onChange: () => changes.push(monitor.state[0] as number),
  };
  return { monitor, judged, changes };
}

const allowed = [[0], [0], [0], [0]];

const CHEST = contract({
  ...{ name: "chest", allows: "", never: "" },
  calls: { take: { takes: [arg("box", handle(BOX))], gives: nothing(), refuses: [] } },
});
const BY_HOST = {
  ...{ domain: 0, owner: undefined, account: undefined, capabilities: [], found: [] },
  onDropped: () => undefined,
};

describe("G3 authority: a monitor at the gate", () => {
  test("a call that the table refuses does not reach its target, and says why", async () => {
    const { monitor } = monitorOf([[REFUSED], [0], [0], [0]]);
    const hand = newHand({ monitor });
    const { given, calls } = seen(CELL, () => HELLO);
    const cell = hand.domain.grant(given) as number;
    expect((await hand.call(cell, GET)).code).toBe("E_DENIED");
    expect(calls).toEqual([]);
    expect((await hand.call(cell, PUT, [0x81, ...textOf("a")])).code).toBe("E_TARGET"); // "hello" is not nothing
    expect(calls.length).toBe(1);
  });

  test("a call that is performed changes the state, and what comes after it is judged by that", async () => {
    const { monitor, changes } = monitorOf([
      [1, 2, REFUSED],
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const hand = newHand({ monitor });
    const { given, calls } = seen(CELL, () => HELLO);
    const cell = hand.domain.grant(given) as number;
    const codes: unknown[] = [];
    for (let i = 0; i < 4; i++) codes.push((await hand.call(cell, GET)).code);
    expect(codes).toEqual([undefined, undefined, "E_DENIED", "E_DENIED"]);
    expect([calls.length, changes, monitor.state[0]]).toEqual([2, [1, 2], 2]);
  });

  test("the state has changed before the target runs: a call from inside of it is judged by it", async () => {
    const { monitor } = monitorOf([
      [1, REFUSED],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const hand = newHand({ monitor });
    let inner: unknown;
    const target = newCapability(CELL, () => {
      inner ??= monitor.table[monitor.state[0] as number];
      return HELLO;
    });
    const cell = hand.domain.grant(target) as number;
    expect((await hand.call(cell, GET)).code).toBeUndefined();
    expect(inner).toBe(REFUSED);
  });

  test("what breaks its contract at the gate changes no state", async () => {
    const { monitor } = monitorOf([
      [1, 1],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    const hand = newHand({ monitor });
    const cell = hand.domain.grant(seen(CELL).given) as number;
    expect((await hand.call(cell, PUT, [0x81, ...textOf("too long")])).code).toBe("E_VALUE");
    expect((await hand.call(cell, 7)).code).toBe("E_METHOD");
    expect((await hand.call(99, GET)).code).toBe("E_HANDLE");
    expect(monitor.state[0]).toBe(0);
  });

  test("a table that is too short asks the policy library, and does not allow", async () => {
    const { monitor, judged } = monitorOf([], () => ({ failed: errorValue("E_DENIED", "no") }));
    const hand = newHand({ monitor });
    const { given, calls } = seen(CELL, () => HELLO);
    expect((await hand.call(hand.domain.grant(given) as number, GET)).code).toBe("E_DENIED");
    expect([judged.length, calls.length]).toEqual([1, 0]);
  });

  test("bits above those of the automaton are the policy library's, and stay", async () => {
    const { monitor } = monitorOf([
      [1, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    monitor.state[0] = -2;
    const hand = newHand({ monitor });
    const cell = hand.domain.grant(seen(CELL, () => HELLO).given) as number;
    for (const state of [-1, -2, -1]) {
      await hand.call(cell, GET);
      expect(monitor.state[0]).toBe(state);
    }
  });

  test("what a call gives is judged, at once and later", async () => {
    for (const isLate of [false, true]) {
      const { monitor } = monitorOf([[REFUSED], [0], [0], [0]], undefined, ["cell", "box"]);
      const hand = newHand({ monitor });
      const inner = seen(CELL, () => HELLO);
      const capability = newCapability(inner.given.contract, inner.given.target);
      const parcel = { value: Uint8Array.from(handleOf(0)), capabilities: [capability] };
      const box = hand.domain.grant(newCapability(BOX, () => (isLate ? Promise.resolve(parcel) : parcel))) as number;
      const called = await hand.call(box, GIVE);
      await settled();
      const { bytes } = called.token === undefined ? called : await hand.completion();
      expect((await hand.call(handlesIn(bytes)[0] as number, GET)).code).toBe("E_DENIED");
      expect(inner.calls).toEqual([]);
    }
  });

  test("what comes in as an argument of the domain's own object is judged", async () => {
    const { monitor } = monitorOf([[REFUSED], [0], [0], [0]]);
    const [from, to] = [newHand(), newHand({ monitor })];
    const inner = seen(CELL, () => HELLO);
    const cell = from.domain.grant(inner.given) as number;
    const box = from.domain.grant(await offered(to, 1, BOX)) as number;
    await from.call(box, TAKE, [0x81, ...handleOf(cell)]);
    const arrived = handlesIn((await invoked(to)).bytes)[0] as number;
    expect((await to.call(arrived, GET)).code).toBe("E_DENIED");
    expect((await from.call(cell, GET)).bytes).toEqual([...HELLO]);
    expect(inner.calls.length).toBe(1);
  });

  test("what a domain passes on is judged in the other domain, and by the host, as if it called itself", async () => {
    const { monitor } = monitorOf(
      [
        [1, REFUSED],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      undefined,
      ["cell"],
    );
    const [from, to] = [newHand({ monitor }), newHand()];
    const taken = seen(BOX);
    const cell = from.domain.grant(seen(CELL, () => HELLO).given) as number;
    const [box, hostBox] = [from.domain.grant(await offered(to, 1, BOX)), from.domain.grant(taken.given)] as number[];
    await from.call(box as number, TAKE, [0x81, ...handleOf(cell)]);
    const { token, bytes } = await invoked(to);
    await to.answer(token, true, [...NOTHING]);
    await from.completion();
    expect((await to.call(handlesIn(bytes)[0] as number, GET)).code).toBeUndefined();
    expect((await from.call(cell, GET)).code).toBe("E_DENIED");
    await from.call(hostBox as number, TAKE, [0x81, ...handleOf(cell)]);
    const power = taken.calls[0]?.capabilities[0];
    expect(power?.target(GET, Uint8Array.of(0x80), 1, BY_HOST)).toHaveProperty("failed");
  });

  test("what a capability gives that a domain passed on is judged: at once, later, and after the news that it takes time", async () => {
    for (const when of ["at once", "later", "after news"] as const) {
      const { monitor } = monitorOf([[REFUSED], [0], [0], [0]], undefined, ["cell", "box"]);
      const hand = newHand({ monitor });
      const inner = seen(CELL, () => HELLO);
      const capability = newCapability(inner.given.contract, inner.given.target);
      const parcel = { value: Uint8Array.from(handleOf(0)), capabilities: [capability] };
      const news = { failed: NOTHING, later: Promise.resolve(parcel) };
      const given = { "at once": parcel, later: Promise.resolve(parcel), "after news": Promise.resolve(news) }[when];
      const taken = seen(CHEST);
      const chest = hand.domain.grant(taken.given) as number;
      const box = hand.domain.grant(newCapability(BOX, () => given)) as number;
      await hand.call(chest, TAKE, [0x81, ...handleOf(box)]);
      const passed = taken.calls[0]?.capabilities[0] as Capability;
      const first = (await passed.target(GIVE, Uint8Array.of(0x80), 1, BY_HOST)) as Parcel & Partial<Failure>;
      const reply = first.later === undefined ? first : ((await first.later) as Parcel);
      expect(reply.capabilities?.[0]?.target(GET, Uint8Array.of(0x80), 1, BY_HOST), when).toHaveProperty("failed");
      expect(inner.calls).toEqual([]);
    }
  });

  test("two domains with monitors: both judge, and neither twice", async () => {
    const [mine, theirs] = [
      monitorOf([
        [1, 2, 2],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ]),
      monitorOf([
        [1, 2, 2],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ]),
    ];
    const [from, to] = [newHand({ monitor: mine.monitor }), newHand({ monitor: theirs.monitor })];
    const cell = from.domain.grant(seen(CELL, () => HELLO).given) as number;
    const box = from.domain.grant(await offered(to, 1, BOX)) as number;
    await from.call(box, TAKE, [0x81, ...handleOf(cell)]);
    const there = handlesIn((await invoked(to)).bytes)[0] as number;
    await to.call(there, GET);
    expect([mine.monitor.state[0], theirs.monitor.state[0]]).toEqual([1, 1]);
    await from.call(cell, GET);
    expect([mine.monitor.state[0], theirs.monitor.state[0]]).toEqual([2, 1]);
  });
});

describe("G3 authority: a policy library that judges", () => {
  const asking = [[ASK], [ASK], [0], [0]];
  const held = () => {
    const gate = Promise.withResolvers<void>();
    const judge: Judge = async ({ bytes, length }, perform) => {
      const copy = bytes.slice(0, length);
      await gate.promise;
      return perform(copy, copy.length);
    };
    return { judge, open: gate.resolve };
  };

  test("may perform a call later, with what the guest said then", async () => {
    const { judge, open } = held();
    const hand = newHand({ monitor: monitorOf(asking, judge).monitor });
    const { given, calls } = seen(CELL);
    const cell = hand.domain.grant(given) as number;
    const { token } = await hand.call(cell, PUT, [0x81, ...textOf("now")]);
    expect(token).toBeDefined();
    expect(calls).toEqual([]);
    open();
    await settled();
    expect((await hand.completion()).ok).toBe(true);
    expect(calls[0]?.bytes).toEqual([0x81, ...textOf("now")]);
  });

  test("performs nothing after the capability was revoked, nor after its caller has ended", async () => {
    for (const finish of ["revoke", "end"] as const) {
      const { judge, open } = held();
      const hand = newHand({ monitor: monitorOf(asking, judge).monitor });
      const { given, calls } = seen(CELL);
      const cell = hand.domain.grant(given) as number;
      await hand.call(cell, PUT, [0x81, ...textOf("now")]);
      if (finish === "revoke") hand.domain.revoke(cell);
      else hand.domain.end();
      open();
      await settled();
      expect(calls).toEqual([]);
    }
  });

  test("performs a call once", async () => {
    const replies: unknown[] = [];
    const judge: Judge = ({ bytes, length }, perform) => {
      replies.push(perform(bytes, length), perform(bytes, length));
      return NOTHING;
    };
    const hand = newHand({ monitor: monitorOf(asking, judge).monitor });
    const { given, calls } = seen(CELL);
    await hand.call(hand.domain.grant(given) as number, PUT, [0x81, ...textOf("a")]);
    expect(calls.length).toBe(1);
    expect(replies[1]).toHaveProperty("failed");
  });

  test("changes arguments under their contract only", async () => {
    const change =
      (to: number[]): Judge =>
      (_, perform) =>
        perform(Uint8Array.from(to), to.length);
    for (const [to, code] of [
      [[0x81, ...textOf("ok")], undefined],
      [[0x81, ...textOf("too long")], "E_DENIED"],
      [[0x80], "E_DENIED"],
      [[], "E_DENIED"],
    ] as const) {
      const hand = newHand({ monitor: monitorOf(asking, change([...to])).monitor });
      const { given, calls } = seen(CELL);
      const called = await hand.call(hand.domain.grant(given) as number, PUT, [0x81, ...textOf("a")]);
      expect([called.code, calls.length]).toEqual([code, code === undefined ? 1 : 0]);
    }
  });

  test("that throws, or answers outside of the contract, breaks the capability and nothing else", async () => {
    const throwing: Judge = () => {
      throw new Error("buggy");
    };
    for (const judge of [throwing, () => Uint8Array.of(1, 2, 3), () => undefined as never]) {
      const hand = newHand({ monitor: monitorOf(asking, judge).monitor });
      const { given, calls } = seen(CELL);
      const cell = hand.domain.grant(given) as number;
      expect((await hand.call(cell, PUT, [0x81, ...textOf("a")])).code).toBe("E_TARGET");
      expect((await hand.call(cell, GET)).code).toBe("E_REVOKED");
      expect([calls.length, hand.domain.ending()]).toEqual([0, undefined]);
    }
  });
});

describe("G7 revocation: what is watched", () => {
  test("cutting the source ends it; revoking the handle leaves the source", async () => {
    const { monitor } = monitorOf(allowed);
    const [one, two] = [newHand({ monitor }), newHand({ monitor })];
    const source = newCapability(CELL, () => HELLO);
    const [a, b] = [one.domain.grant(source) as number, two.domain.grant(source) as number];
    one.domain.revoke(a);
    expect((await one.call(a, GET)).code).toBe("E_REVOKED");
    expect((await two.call(b, GET)).code).toBeUndefined();
    cut(source);
    expect((await two.call(b, GET)).code).toBe("E_REVOKED");
  });

  test("handles that are let go leave nothing behind, and their owner is told", async () => {
    const { monitor } = monitorOf(allowed);
    const hand = newHand({ monitor });
    const source = newCapability(CELL, () => HELLO);
    let unused = 0;
    source.onUnused = () => unused++;
    const value = Uint8Array.from(handleOf(0));
    const box = hand.domain.grant(
      newCapability(BOX, () => ({ value: value.slice(), capabilities: [source] })),
    ) as number;
    for (let i = 0; i < 20; i++) {
      const { bytes } = await hand.call(box, GIVE);
      expect(await hand.number("call", handlesIn(bytes)[0] as number, RELEASE | 0, 0, 0, 0)).toBe(0);
    }
    expect([source.derived?.size ?? 0, unused]).toEqual([0, 20]);
    const kept = hand.domain.grant(derive(source)) as number;
    expect(source.derived?.size).toBe(1);
    await hand.number("call", kept, RELEASE | 0, 0, 0, 0);
    hand.domain.end();
    expect([...(source.derived ?? [])].filter(({ isHeld }) => isHeld).length).toBe(1); // what this test derived itself
  });
});
