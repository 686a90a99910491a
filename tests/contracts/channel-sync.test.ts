// Semaphores and shared bytes: how domains wait for each other.
import { describe, expect, test, vi } from "vitest";
import { semaphore, sharedBytes, sharing, unused, virtualClock } from "../../policy-libs/index.ts";
import { newGuest, outcome, settle } from "./guest.ts";

vi.mock("../../policy-libs/call.ts", async (original) => {
  return { ...(await original<object>()), signal: (await import("./guest.ts")).signal };
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("a semaphore", () => {
  test("gives as many permits as it has, and then keeps callers waiting in turn", async () => {
    const { acquire, tryAcquire, release } = semaphore(2).functions;
    await acquire();
    expect([tryAcquire(), tryAcquire()]).toEqual([true, false]);
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (n) => {
      await acquire();
      order.push(n);
    });
    await settle();
    expect(order).toEqual([]);
    release();
    expect(tryAcquire()).toBe(false);
    await settle();
    expect(order).toEqual([1]);
    release();
    release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  test("refuses a permit that nobody holds, unless it may grow", async () => {
    const strict = semaphore(1).functions;
    expect(await outcome(() => strict.release())).toBe("E_RELEASE");
    await strict.acquire();
    strict.release();
    expect(await outcome(() => strict.release())).toBe("E_RELEASE");
    expect([strict.tryAcquire(), strict.tryAcquire()]).toEqual([true, false]);

    const signalling = semaphore(0, { strict: false }).functions;
    const woken = signalling.acquire();
    signalling.release();
    await woken;
    signalling.release();
    expect([signalling.tryAcquire(), signalling.tryAcquire()]).toEqual([true, false]);
  });

  test("holds no more permits than an int does", async () => {
    const { release } = semaphore(2 ** 31 - 1, { strict: false }).functions;
    expect(await outcome(() => release())).toBe("E_RELEASE");
    for (const count of [-1, 0.5, 2 ** 31, Number.NaN]) expect(() => semaphore(count)).toThrow(TypeError);
  });

  test("gives no permit to who is gone", async () => {
    const { acquire, release, tryAcquire } = semaphore(1).functions;
    await acquire();
    const guest = newGuest();
    const gone = outcome(() => guest.as(() => acquire()));
    const next = acquire();
    guest.end();
    expect(await gone).toBe("E_ENDED");
    release();
    await next;
    release();
    expect(tryAcquire()).toBe(true);
  });

  test("has 10,000 waiting and no more, each served once; twice", async () => {
    const { acquire, release } = semaphore(1).functions;
    for (const round of [1, 2]) {
      await acquire();
      let served = 0;
      const all = Array.from({ length: 10_000 }, async () => {
        await acquire();
        served++;
      });
      expect(await outcome(() => acquire()), `round ${round}`).toBe("E_BUSY");
      for (let i = 0; i < 10_000; i++) release();
      await Promise.all(all);
      expect(served).toBe(10_000);
      release();
      expect(await outcome(() => release())).toBe("E_RELEASE");
    }
  });

  test("gives a permit on that was given to a call whose guest was gone before it knew", async () => {
    for (const robust of [false, true]) {
      const { acquire, release, tryAcquire } = semaphore(1, { robust }).functions;
      await acquire();
      const guest = newGuest();
      const gone = outcome(() => guest.as(() => acquire()));
      release();
      guest.end();
      expect(await gone).toBe("E_ENDED");
      expect([tryAcquire(), tryAcquire()]).toEqual([true, false]);
    }
  });
});

describe("a robust semaphore", () => {
  const robust = (count: number) => {
    const first = semaphore(count, { robust: true });
    const other = sharing(first);
    return { first, other, mine: first.functions, theirs: other.functions };
  };

  test("gets back what a guest held when nobody has its grant any more, once, and gives it to who waits", async () => {
    const { first, mine, theirs } = robust(3);
    for (let i = 0; i < 3; i++) await mine.acquire();
    mine.release();
    await theirs.acquire();
    const waiting = theirs.acquire();
    unused(first);
    unused(first);
    await waiting;
    expect([theirs.tryAcquire(), theirs.tryAcquire()]).toEqual([true, false]);
  });

  test("lets a guest give back only its own", async () => {
    const { mine, theirs } = robust(2);
    await mine.acquire();
    expect(await outcome(() => theirs.release())).toBe("E_RELEASE");
    mine.release();
    expect(await outcome(() => mine.release())).toBe("E_RELEASE");
  });

  test("gives nothing back for a guest that held nothing any more", async () => {
    const { first, mine, theirs } = robust(1);
    await mine.acquire();
    mine.release();
    unused(first);
    expect([theirs.tryAcquire(), theirs.tryAcquire()]).toEqual([true, false]);
  });

  test("keeps the permit of a guest that ended, if it is not robust, and lets others give it back", async () => {
    const first = semaphore(1);
    const { tryAcquire, release } = sharing(first).functions;
    await first.functions.acquire();
    unused(first);
    expect(tryAcquire()).toBe(false);
    release();
    expect(tryAcquire()).toBe(true);
  });

  test("of 10,000 waiting loses no permit when their guest ends in the middle, in whatever order it is told; twice", async () => {
    for (const isToldFirst of [true, false]) {
      const { first, mine, other, theirs } = robust(1);
      const guest = newGuest();
      await theirs.acquire();
      const all = Array.from({ length: 9_999 }, () => outcome(() => guest.as(() => mine.acquire())));
      const last = theirs.acquire();
      theirs.release();
      await settle();
      mine.release();
      if (isToldFirst) unused(first);
      guest.end();
      if (!isToldFirst) unused(first);
      await last;
      expect(new Set(await Promise.all(all))).toEqual(new Set([undefined, "E_ENDED"]));
      theirs.release();
      expect([theirs.tryAcquire(), theirs.tryAcquire()]).toEqual([true, false]);
      unused(other);
      expect([mine.tryAcquire(), mine.tryAcquire()]).toEqual([true, false]);
    }
  });

  test("is shared by nothing else", () => {
    expect(() => sharing({} as never)).toThrow(TypeError);
  });
});

describe("shared bytes", () => {
  test("are zeros at first, and then what was written", () => {
    const { length, read, write } = sharedBytes(10).functions;
    expect(length()).toBe(10);
    expect(read(0, 10)).toEqual(new Uint8Array(10));
    write(7, bytes(1, 2, 3));
    expect(read(6, 4)).toEqual(bytes(0, 1, 2, 3));
    expect(read(10, 0)).toEqual(bytes());
  });

  test("go in and out as copies", async () => {
    const { read, write } = sharedBytes(4).functions;
    const given = bytes(1, 2, 3, 4);
    write(0, given);
    given.fill(9);
    ((await read(0, 4)) as Uint8Array).fill(8);
    expect(read(0, 4)).toEqual(bytes(1, 2, 3, 4));
  });

  test.for([
    [-1, 1],
    [0, 11],
    [10, 1],
    [11, 0],
    [2 ** 53, 1],
    [1, 2 ** 53],
    [0.5, 1],
    [Number.NaN, 1],
    [1, Number.NaN],
  ])("outside themselves are out of reach: %d, %d", async ([at, length]) => {
    const { read, write } = sharedBytes(10).functions;
    const code = (length as number) > 2 ** 20 ? "E_TOO_LARGE" : "E_RANGE";
    expect(await outcome(() => read(at as number, length as number))).toBe(code);
    if ((length as number) < 100) {
      expect(await outcome(() => write(at as number, new Uint8Array(length as number)))).toBe("E_RANGE");
    }
  });

  test("have cells of 32 bits, little-endian, that count around the corner", () => {
    const { read, load, store, add, compareExchange } = sharedBytes(8).functions;
    store(4, -2);
    expect(read(4, 4)).toEqual(bytes(0xfe, 0xff, 0xff, 0xff));
    expect([add(4, 3), load(4)]).toEqual([-2, 1]);
    expect([add(4, 2 ** 31 - 1), load(4)]).toEqual([1, -(2 ** 31)]);
    expect([compareExchange(4, 7, 8), load(4)]).toEqual([-(2 ** 31), -(2 ** 31)]);
    expect([compareExchange(4, -(2 ** 31), 8), load(4)]).toEqual([-(2 ** 31), 8]);
  });

  test("have cells at multiples of 4 only", async () => {
    const { load, store, waitChange, notify } = sharedBytes(10).functions;
    expect(await outcome(() => load(2))).toBe("E_ALIGN");
    for (const call of [() => load(8), () => store(8, 1), () => waitChange(8, 0), () => notify(8), () => load(-4)]) {
      expect(await outcome(call)).toBe("E_RANGE");
    }
  });

  test("wake who waits for a change, those first who waited longest", async () => {
    const { store, waitChange, notify } = sharedBytes(8).functions;
    expect(await waitChange(0, 1)).toBe("not-equal");
    const order: number[] = [];
    const all = [1, 2, 3].map(async (n) => {
      expect(await waitChange(0, 0)).toBe("ok");
      order.push(n);
    });
    expect(notify(4)).toBe(0);
    store(0, 5);
    expect(notify(0, 0)).toBe(0);
    expect(notify(0, 2)).toBe(2);
    await settle();
    expect(order).toEqual([1, 2]);
    expect([notify(0), notify(0)]).toEqual([1, 0]);
    await Promise.all(all);
  });

  test("lose no wakeup between looking and waiting: a lock made of one cell keeps out all but one", async () => {
    const { load, add, compareExchange, store, waitChange, notify } = sharedBytes(8).functions;
    let inside = 0;
    const worker = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        while (compareExchange(0, 0, 1) !== 0) await waitChange(0, 1);
        expect(++inside).toBe(1);
        const before = await load(4);
        await settle();
        store(4, before + 1);
        inside--;
        store(0, 0);
        notify(0, 1);
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    expect(add(4, 0)).toBe(400);
  });

  test("end a wait when its time is over, or its guest, and keep no timer", async () => {
    const time = virtualClock();
    const { waitChange, notify } = sharedBytes(4, { time }).functions;
    const timed = waitChange(0, 0, 10);
    const guest = newGuest();
    const gone = outcome(() => guest.as(() => waitChange(0, 0, 1_000)));
    const woken = waitChange(0, 0, 2_000);
    time.advance(10);
    expect(await timed).toBe("timed-out");
    guest.end();
    expect(await gone).toBe("E_ENDED");
    expect(notify(0)).toBe(1);
    expect(await woken).toBe("ok");
    expect(time.waiting()).toBe(0);
    expect(await waitChange(0, 0, 0)).toBe("timed-out");
    expect(await outcome(() => waitChange(0, 0, Number.NaN))).toBe("E_VALUE");
  });

  test("have 10,000 waiting over all cells and no more; twice", async () => {
    const { waitChange, notify } = sharedBytes(40_000).functions;
    for (const round of [1, 2]) {
      const all = Array.from({ length: 10_000 }, (_, i) => waitChange(4 * (i >> round), 0));
      expect(await outcome(() => waitChange(0, 0)), `round ${round}`).toBe("E_BUSY");
      let woken = 0;
      for (let at = 0; at < 40_000; at += 4) woken += (await notify(at)) as number;
      expect(woken).toBe(10_000);
      expect(new Set(await Promise.all(all))).toEqual(new Set(["ok"]));
    }
  });

  test.for([0, -1, 1.5, 2 ** 40])("cannot be %d many", (length) => {
    expect(() => sharedBytes(length)).toThrow(TypeError);
  });
});
