// Pipes: bytes between domains.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { newRing } from "../../policy-libs/channel/ring.ts";
import { pipe } from "../../policy-libs/index.ts";
import { newGuest, outcome, settle } from "./guest.ts";

vi.mock("../../policy-libs/call.ts", async (original) => {
  return { ...(await original<object>()), signal: (await import("./guest.ts")).signal };
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const endsOf = (options: Parameters<typeof pipe>[0] = {}) => {
  const { reader, writer } = pipe(options);
  return { ...writer.functions, read: reader.functions.read, cancel: reader.functions.abort };
};

/** Has it an answer yet? */
async function isSettled(promise: unknown): Promise<boolean> {
  const done = vi.fn();
  void Promise.resolve(promise).then(done, done);
  await settle();
  return done.mock.calls.length > 0;
}

describe("a pipe", () => {
  test("gives what was written, in order, and then the end", async () => {
    const { write, end, read } = endsOf();
    await write(bytes(1, 2, 3));
    await write(bytes(4));
    end();
    expect([await read(2), await read(10), await read(1), await read(1)]).toEqual([
      bytes(1, 2),
      bytes(3, 4),
      undefined,
      undefined,
    ]);
  });

  test("keeps a reader waiting until there are bytes, or the end", async () => {
    const { write, end, read } = endsOf();
    const [first, second] = [Promise.resolve(read(8)), Promise.resolve(read(8))];
    expect(await isSettled(first)).toBe(false);
    await write(bytes(9));
    expect(await first).toEqual(bytes(9));
    expect(await isSettled(second)).toBe(false);
    end();
    expect(await second).toBeUndefined();
  });

  test("keeps a writer waiting until all of its bytes are in: back-pressure", async () => {
    const { write, read } = endsOf({ capacity: 4 });
    const written = Promise.resolve(write(bytes(1, 2, 3, 4, 5, 6)));
    expect(await isSettled(written)).toBe(false);
    expect(await read(1)).toEqual(bytes(1));
    expect(await isSettled(written)).toBe(false);
    expect(await read(9)).toEqual(bytes(2, 3, 4, 5));
    expect(await isSettled(written)).toBe(true);
    expect(await read(9)).toEqual(bytes(6));
  });

  test("ends after the writes that wait, and takes no more", async () => {
    const { write, end, read } = endsOf({ capacity: 1 });
    const written = [write(bytes(1)), write(bytes(2)), write(bytes(3))];
    end();
    expect(await outcome(() => write(bytes(4)))).toBe("E_CLOSED");
    expect([await read(9), await read(9), await read(9), await read(9)]).toEqual([
      bytes(1),
      bytes(2),
      bytes(3),
      undefined,
    ]);
    await Promise.all(written);
  });

  test.for(["abort", "cancel"] as const)("that is broken (%s) refuses both sides, and keeps nothing", async (how) => {
    const ends = endsOf({ capacity: 1 });
    const written = outcome(() => ends.write(bytes(1, 2)));
    ends[how]();
    expect(await written).toBe("E_ABORTED");
    expect(await outcome(() => ends.read(1))).toBe("E_ABORTED");
    expect(await outcome(() => ends.write(bytes(1)))).toBe("E_ABORTED");
    expect(await outcome(() => ends.end())).toBe("E_ABORTED");

    const waiting = endsOf();
    const read = outcome(() => waiting.read(1));
    waiting[how]();
    expect(await read).toBe("E_ABORTED");
  });

  test("that has ended cannot be broken any more", async () => {
    const { end, read, abort } = endsOf();
    end();
    abort();
    expect(await read(1)).toBeUndefined();
  });

  test("loses nothing with a reader that is gone", async () => {
    const { write, read } = endsOf();
    const guest = newGuest();
    const gone = outcome(() => guest.as(() => read(8)));
    const other = read(8);
    guest.end();
    expect(await gone).toBe("E_ENDED");
    await write(bytes(1));
    expect(await other).toEqual(bytes(1));
  });

  test("goes on without a writer that is gone: what was taken of its bytes stays", async () => {
    const { write, end, read } = endsOf({ capacity: 2 });
    const guest = newGuest();
    const gone = outcome(() => guest.as(() => write(bytes(1, 2, 3, 4))));
    const next = write(bytes(9));
    guest.end();
    expect(await gone).toBe("E_ENDED");
    expect(await read(9)).toEqual(bytes(1, 2));
    await next;
    end();
    expect([await read(9), await read(9)]).toEqual([bytes(9), undefined]);
  });

  test("tells the end to a reader when the last writer that waited is gone", async () => {
    const { write, end, read } = endsOf({ capacity: 1 });
    const guest = newGuest();
    const gone = outcome(() => guest.as(() => write(bytes(1, 2))));
    expect(await read(1)).toEqual(bytes(1));
    expect(await read(1)).toEqual(bytes(2));
    await gone;
    const last = outcome(() => guest.as(() => write(bytes(3, 4, 5))));
    end();
    expect(await read(1)).toEqual(bytes(3));
    expect(await read(1)).toEqual(bytes(4));
    guest.end();
    await last;
    expect([await read(1), await read(1)]).toEqual([bytes(5), undefined]);
  });

  test("has 10,000 waiting on either side, and no more; twice", async () => {
    for (const round of [1, 2]) {
      const { write, end, read } = endsOf({ capacity: 1 });
      const reads = Array.from({ length: 10_000 }, () => Promise.resolve(read(1)));
      expect(await outcome(() => read(1)), `round ${round}`).toBe("E_BUSY");
      for (let i = 0; i < 10_000; i++) await write(bytes(i & 255));
      expect((await Promise.all(reads)).map((got) => got?.[0])).toEqual(reads.map((_, i) => i & 255));
      await write(bytes(0));
      const writes = Array.from({ length: 10_000 }, (_, i) => Promise.resolve(write(bytes(i & 255))));
      expect(await outcome(() => write(bytes(1)))).toBe("E_BUSY");
      end();
      for (let i = 0; i <= 10_000; i++) await read(1);
      expect(await read(1)).toBeUndefined();
      await Promise.all(writes);
    }
  });

  test("is left by all who end at once, in time in proportion to their number", async () => {
    const timeOf = async (count: number): Promise<number> => {
      const { write, read } = endsOf({ mostWaiting: count });
      const guest = newGuest();
      const start = performance.now();
      const all = Array.from({ length: count }, () => outcome(() => guest.as(() => read(1))));
      guest.end();
      const time = performance.now() - start;
      expect(new Set(await Promise.all(all))).toEqual(new Set(["E_ENDED"]));
      await write(bytes(1));
      expect(await read(1)).toEqual(bytes(1));
      return time;
    };
    const best = async (count: number): Promise<number> =>
      Math.min(await timeOf(count), await timeOf(count), await timeOf(count));
    // In proportion it is 10 times as much; were each to look at all others, 100 times.
    expect((await best(20_000)) / (await best(2_000))).toBeLessThan(40);
  });

  test("holds few bytes of writes that wait, whatever is written", async () => {
    const { write, abort } = endsOf({ capacity: 1 });
    const piece = new Uint8Array(1024 * 1024);
    expect(await outcome(() => write(new Uint8Array(1024 * 1024 + 1)))).toBe("E_TOO_LARGE");
    const all = Array.from({ length: 20 }, () => outcome(() => write(piece)));
    abort();
    const refused = (await Promise.all(all)).filter((code) => code === "E_BUSY");
    expect(refused.length).toBe(12);
  });

  test.for([0, -1, Number.NaN, 2 ** 21, "8" as never])("refuses to read %s bytes", async (most) => {
    expect(await outcome(() => endsOf().read(most))).toBe("E_VALUE");
  });

  test.for([0, -1, 1.5, Number.NaN, 2 ** 40])("has no capacity of %d", (capacity) => {
    expect(() => pipe({ capacity })).toThrow(TypeError);
  });

  test("carries every byte once, in order, however it is written and read", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 });
    const reads = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(sizes, reads, fc.integer({ min: 1, max: 32 }), async (writes, mosts, capacity) => {
        const { write, end, read } = endsOf({ capacity });
        let next = 0;
        const done = Promise.all(writes.map((size) => write(Uint8Array.from({ length: size }, () => next++ & 255))));
        end();
        const got: number[] = [];
        for (let i = 0; ; i++) {
          const piece = await read(mosts[i % mosts.length] as number);
          if (piece === undefined) break;
          got.push(...piece);
        }
        await done;
        expect(got).toEqual(Array.from({ length: next }, (_, i) => i & 255));
      }),
    );
  });
});

describe("a ring of bytes", () => {
  test("behaves as a list of at most its capacity", () => {
    const steps = fc.array(fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.integer({ min: 0, max: 12 })));
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (all, capacity) => {
        const ring = newRing(capacity);
        let model: number[] = [];
        for (const step of all) {
          if (typeof step === "number") {
            expect([...ring.take(step)]).toEqual(model.slice(0, step));
            model = model.slice(step);
          } else {
            const taken = step.subarray(0, capacity - model.length);
            expect(ring.put(step)).toBe(taken.length);
            model.push(...taken);
          }
          expect([ring.length, ring.free]).toEqual([model.length, capacity - model.length]);
        }
      }),
    );
  });

  test("keeps copies", () => {
    const ring = newRing(8);
    const given = bytes(1, 2);
    ring.put(given);
    given.fill(9);
    expect(ring.take(2)).toEqual(bytes(1, 2));
  });
});
