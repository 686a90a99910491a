// Mailboxes: values between domains.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { newQueue } from "../../policy-libs/channel/queue.ts";
import { weightOf } from "../../policy-libs/channel/weight.ts";
import { mailbox } from "../../policy-libs/index.ts";
import { newGuest, outcome, settle } from "./guest.ts";

vi.mock("../../policy-libs/call.ts", async (original) => {
  return { ...(await original<object>()), signal: (await import("./guest.ts")).signal };
});

function boxOf(options: Parameters<typeof mailbox>[0] = {}) {
  const { sender, receiver } = mailbox(options);
  const { receive, tryReceive, close: discard } = receiver.functions;
  return { ...sender.functions, receive, tryReceive, discard };
}

describe("a mailbox", () => {
  test("gives values in the order in which they were sent", async () => {
    const { send, receive, tryReceive } = boxOf();
    for (const value of [1, undefined, { a: [2] }]) await send(value);
    expect([await receive(), tryReceive(), await receive(), tryReceive()]).toEqual([
      1,
      { value: undefined },
      { a: [2] },
      undefined,
    ]);
  });

  test("keeps receivers waiting, and serves them in turn", async () => {
    const { send, receive } = boxOf();
    const all = [receive(), receive(), receive()];
    for (const value of ["a", "b", "c"]) await send(value);
    expect(await Promise.all(all)).toEqual(["a", "b", "c"]);
  });

  test("keeps senders waiting while it is full, and trySend does not overtake them", async () => {
    const { send, trySend, receive } = boxOf({ capacity: 1 });
    expect([trySend(1), trySend(2)]).toEqual([true, false]);
    const sent = vi.fn();
    void Promise.resolve(send(2)).then(sent);
    await settle();
    expect(sent).not.toHaveBeenCalled();
    expect(await receive()).toBe(1);
    await settle();
    expect(sent).toHaveBeenCalledOnce();
    expect(trySend(3)).toBe(false);
    expect(await receive()).toBe(2);
  });

  test("that its senders closed gives what is there, and then E_CLOSED", async () => {
    const { send, trySend, close, receive, tryReceive } = boxOf({ capacity: 1 });
    await send(1);
    const late = send(2);
    close();
    close();
    expect(await outcome(() => send(3))).toBe("E_CLOSED");
    expect(await outcome(() => trySend(3))).toBe("E_CLOSED");
    expect([await receive(), await receive()]).toEqual([1, 2]);
    await late;
    expect(await outcome(() => receive())).toBe("E_CLOSED");
    expect(await outcome(() => tryReceive())).toBe("E_CLOSED");
  });

  test("tells receivers that wait when it is closed", async () => {
    const { close, receive } = boxOf();
    const waiting = [outcome(() => receive()), outcome(() => receive())];
    close();
    expect(await Promise.all(waiting)).toEqual(["E_CLOSED", "E_CLOSED"]);
  });

  test("that its receiver closed keeps nothing, and refuses senders", async () => {
    const { send, discard, receive } = boxOf({ capacity: 1 });
    await send(1);
    const waiting = outcome(() => send(2));
    discard();
    expect(await waiting).toBe("E_CLOSED");
    expect(await outcome(() => receive())).toBe("E_CLOSED");
  });

  test("loses nothing with a receiver that is gone, and forgets what a sender that is gone wanted to send", async () => {
    const { send, receive } = boxOf({ capacity: 1 });
    const guest = newGuest();
    const gone = [outcome(() => guest.as(() => receive()))];
    guest.end();
    await send(1);
    const other = newGuest();
    gone.push(outcome(() => other.as(() => send(2))));
    const last = send(3);
    other.end();
    expect(await Promise.all(gone)).toEqual(["E_ENDED", "E_ENDED"]);
    expect([await receive(), await receive()]).toEqual([1, 3]);
    await last;
  });

  test("has 10,000 waiting on either side, and no more; twice", async () => {
    const { send, receive } = boxOf({ capacity: 1 });
    for (const round of [1, 2]) {
      const got = Array.from({ length: 10_000 }, () => receive());
      expect(await outcome(() => receive()), `round ${round}`).toBe("E_BUSY");
      for (let i = 0; i < 10_000; i++) await send(i);
      expect(await Promise.all(got)).toEqual(got.map((_, i) => i));
      const sent = Array.from({ length: 10_001 }, (_, i) => Promise.resolve(send(i)));
      expect(await outcome(() => send(0))).toBe("E_BUSY");
      for (let i = 0; i <= 10_000; i++) expect(await receive()).toBe(i);
      await Promise.all(sent);
    }
  });

  test("holds few bytes, in itself and in sends that wait", async () => {
    const { send, trySend, receive } = boxOf({ capacity: 1_000, mostBytes: 1_000 });
    expect(await outcome(() => send("x".repeat(500)))).toBe("E_TOO_LARGE");
    const text = "x".repeat(192); // 400 bytes
    const sends = Array.from({ length: 6 }, () => outcome(() => send(text)));
    expect(trySend(text)).toBe(false);
    await settle();
    for (let i = 0; i < 4; i++) expect(await receive()).toBe(text);
    expect(await Promise.all(sends)).toEqual([undefined, undefined, undefined, undefined, "E_BUSY", "E_BUSY"]);
    expect(trySend(text)).toBe(true);
  });

  test.for([{ capacity: 0 }, { capacity: 1.5 }, { mostBytes: 0 }, { mostBytes: Number.NaN }])(
    "cannot be of %o",
    (options) => {
      expect(() => mailbox(options)).toThrow(TypeError);
    },
  );
});

describe("the weight of a value", () => {
  test("counts text, bytes and every part", () => {
    expect(weightOf("abc", 1e6)).toBe(16 + 6);
    expect(weightOf(new Uint8Array(100), 1e6)).toBe(116);
    expect(weightOf(2n ** 800n, 1e6)).toBeGreaterThanOrEqual(100);
    expect(weightOf({ name: "x".repeat(1_000) }, 1e6)).toBeGreaterThan(2_000);
    expect(weightOf(new Map([["k".repeat(500), new Set(["v".repeat(500)])]]), 1e6)).toBeGreaterThan(2_000);
    expect(weightOf(new Error("m".repeat(500), { cause: "c".repeat(500) }), 1e6)).toBeGreaterThan(2_000);
  });

  test("is finite on cycles, deep chains and shared parts", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    expect(weightOf(cycle, 1e6)).toBeLessThan(100);
    let chain: unknown = null;
    for (let i = 0; i < 200_000; i++) chain = [chain];
    expect(weightOf(chain, 1e9)).toBeGreaterThan(200_000);
    let shared: unknown = "x".repeat(100);
    for (let i = 0; i < 60; i++) shared = [shared, shared];
    expect(weightOf(shared, 1e6)).toBeLessThan(10_000);
  });

  test("is not counted to its end when it is too much", () => {
    let looks = 0;
    const counted = Array.from({ length: 10_000 }, (_, i) => i);
    const watched = new Proxy(counted, {
      get(target, name) {
        looks++;
        return Reflect.get(target, name);
      },
    });
    expect(weightOf(watched, 1_000)).toBeGreaterThan(1_000);
    expect(looks).toBeLessThan(500);
  });
});

describe("a queue", () => {
  test("is first in, first out, also after thousands have passed through it", () => {
    const queue = newQueue<number>();
    let [added, taken] = [0, 0];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -900, max: 1_000 })), (steps) => {
        for (const step of steps) {
          for (let i = 0; i < step; i++) queue.add(added++);
          for (let i = 0; i > step && taken < added; i--) if (queue.take() !== taken++) throw new Error("out of order");
          expect(queue.size).toBe(added - taken);
        }
      }),
    );
    while (taken < added) if (queue.take() !== taken++) throw new Error("out of order");
    expect(queue.take()).toBeUndefined();
  });
});
