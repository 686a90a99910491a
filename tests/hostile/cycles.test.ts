// G8: what a guest parked is given back when it is aborted, again and again. CORDON_DEEP=1: 100,000 times each.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inChild } from "./child.ts";
import type { Told } from "./cycles-child.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const COUNT = isDeep ? 100_000 : 1_000;
const MINUTES = 60_000;
const MIB = 2 ** 20;

describe("parked and aborted", { timeout: isDeep ? 60 * MINUTES : MINUTES }, () => {
  test.each([
    ["shallow", "awaits a call that never settles"],
    ["parked", "is parked in a call"],
    ["deep", "is parked in a call, 500 frames deep"],
  ])(`%s: a guest that %s, ${COUNT} times, leaves nothing`, async (kind) => {
    const file = join(import.meta.dirname, "cycles-child.ts");
    // A young generation that does not grow: else it does for 30,000 cycles, and hides what is looked for.
    const { code, out, err } = await inChild(["--expose-gc", "--max-semi-space-size=4", file, kind, String(COUNT)]);
    expect([code, err]).toEqual([0, ""]);
    const { halfway, end, statuses } = JSON.parse(out) as Told;
    if (isDeep) process.stderr.write(`${kind}: ${out}\n`);
    expect(statuses).toEqual({ aborted: COUNT });
    expect(end.rss - halfway.rss).toBeLessThan(16 * MIB);
    expect(end.size - halfway.size).toBeLessThan(64 * MIB);
  });
});
