// The sample about copies does what its README says.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../cli/command.ts";

interface Sample {
  serve(
    count: number,
  ): Promise<{ readonly answers: ReadonlyMap<unknown, number>; readonly fork: number; readonly warm: number }>;
  twins(): Promise<{ readonly values: readonly unknown[]; readonly isOtherDice: boolean }>;
}

// Samples are a project of their own: they see the package, not its sources. So they are loaded, not imported.
const load = async (): Promise<Sample> => (await import(join(ROOT, "samples/18-forks/forks.ts"))) as Sample;

describe("sample 18, forks", () => {
  test("every request finds the library as it was loaded, whatever those before did", async () => {
    const { answers, fork, warm } = await (await load()).serve(100);
    expect([...answers]).toEqual([
      ["enlist,inlets,listen,silent,tinsel", 80],
      ["cleared for 1", 10],
      ["exhausted", 10],
    ]);
    expect(fork).toBeLessThan(warm);
  });

  test("twins have the same past and a future of their own", async () => {
    const { values, isOtherDice } = await (await load()).twins();
    expect([values, isOtherDice]).toEqual([[3, 4, 4], true]);
  });
});
