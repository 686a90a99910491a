// The behaviours of RepyV2, each by its id (B01 to B73), and L9: the same under layers that do nothing.
import { describe, expect, test } from "vitest";
import type { Case } from "./cases/case.ts";
import { FILE_CASES } from "./cases/files.ts";
import { NAMESPACE_CASES } from "./cases/namespaces.ts";
import { NETWORK_CASES } from "./cases/network.ts";
import { THREAD_CASES } from "./cases/threads.ts";
import { type RepyOptions, runRepy } from "./harness.ts";

const CASES = [...FILE_CASES, ...THREAD_CASES, ...NETWORK_CASES, ...NAMESPACE_CASES];

async function check(one: Case, where: Pick<RepyOptions, "layers" | "place">): Promise<void> {
  const { name, program = name.slice(0, 3).toLowerCase(), lines, cause = { kind: "completed" }, check, ...given } = one;
  const run = await runRepy({ ...given, program, ...where });
  expect(run.cause).toMatchObject(cause);
  expect(run.lines).toEqual(lines);
  check?.(run);
}

describe("RepyV2's behaviours", () => {
  test.for(CASES.map((one) => [one.name, one] as const))("%s", ([, one]) => check(one, {}));

  test("every id from B01 to B73 has a case, and at most six are nearest behaviours", () => {
    const ids = new Set(CASES.map(({ name }) => name.slice(0, 3)));
    const wanted = Array.from({ length: 73 }, (_, i) => `B${String(i + 1).padStart(2, "0")}`);
    expect([...ids].sort()).toEqual(wanted);
    expect(CASES.filter(({ nearest }) => nearest !== undefined).length).toBeLessThanOrEqual(6);
  });
});

describe("in domains of their own", () => {
  test.for(CASES.map((one) => [one.name, one] as const))("%s", ([, one]) => check(one, { place: "domains" }));
});

/** Some of everything: with a hundred domains a case takes seconds. */
const TWELVE = ["B05", "B07", "B13", "B19", "B24", "B28", "B30", "B35", "B45", "B60", "B66", "B71"];

describe("L9 No-op layers are transparent", () => {
  test.for([1, 2, 5, 10])("every case gives the same under %i layers as RepyV2 writes them", async (layers) => {
    for (const one of CASES) await check(one, { layers });
  });

  test.for([1, 2, 5, 10])(
    "every case gives the same under %i domains that do nothing",
    { timeout: 300_000 },
    async (layers) => {
      for (const one of CASES) await check(one, { place: "domains", layers });
    },
  );

  test("twelve cases give the same under 100 domains that do nothing", { timeout: 300_000 }, async () => {
    const some = TWELVE.map((id) => CASES.find(({ name }) => name.startsWith(id)) as Case);
    for (const one of some) await check(one, { place: "domains", layers: 100 });
  });
});
