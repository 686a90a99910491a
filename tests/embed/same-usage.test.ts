// G9: what a run pays is its own work, wherever the slices of time end that its sandbox was made in.
import { afterEach, expect, test, vi } from "vitest";
import { run } from "../../embed/node/index.ts";

afterEach(() => vi.restoreAllMocks());

/** A clock that goes on by so much at each look: the more, the sooner a slice ends. It never goes back. */
let [time, step] = [performance.now() + 1e6, 0];
const look = (): number => {
  time += step;
  return time;
};

test("a run pays the same fuel under a clock that stands, creeps or hurries", async () => {
  const paid = new Set<number>();
  vi.spyOn(performance, "now").mockImplementation(look);
  for (step = 0; step < 3; step += 0.05) {
    const { status, usage } = await run({ source: "6 * 7", virtual: { start: 0 }, limits: { wall: "1 h" } });
    expect(status).toBe("returned");
    paid.add(usage.fuel);
  }
  expect([...paid]).toHaveLength(1);
});
