// A source of no named language may be tried twice: all that it takes is the run's own.
import { describe, expect, test } from "vitest";
import { createSandbox, type RunRequest, run } from "../../embed/node/index.ts";

describe("a source of no named language", () => {
  const plain = "var a = [1, 2, 3];\n".repeat(100);
  const typed = `${plain}const n: number = 5; n`;
  const fuelOf = async (source: string, more: Omit<RunRequest, "source"> = {}): Promise<number> =>
    (await run({ source, ...more })).usage.fuel;

  test("pays for every attempt: as JavaScript, the look at its syntax, as TypeScript", async () => {
    const failed = await fuelOf(typed, { language: "javascript" });
    const whole = await fuelOf(typed);
    // The look parses it as often as the attempt did, or all but.
    expect(whole).toBeGreaterThan((await fuelOf(typed, { language: "typescript" })) + failed * 1.5);
    expect(await fuelOf(`${typed} =`)).toBeGreaterThan(failed * 1.5);
    expect(await fuelOf(`${plain} eval("=")`)).toBeGreaterThan(
      1.2 * (await fuelOf(`${plain} eval("=")`, { language: "javascript" })),
    );
  });

  test.each([0.01, 0.1, 0.5, 0.9, 0.99])("ends within its own fuel: at %d of what it takes", async (part) => {
    const fuel = Math.floor((await fuelOf(typed)) * part);
    const ended = await run({ source: typed, limits: { fuel } });
    expect(ended).toMatchObject({ status: "exhausted", resource: "fuel" });
    expect(ended.usage.fuel).toBeLessThan(fuel + 10_000);
    expect(ended.usage.fuel).toBeGreaterThan(fuel * 0.99 - 10_000);
  });

  test("the look at the syntax after a SyntaxError of its own is under the run's limits, too", async () => {
    const source = `hit(); ${plain} eval("=")`;
    const fuel = (await fuelOf(source, { language: "javascript", grant: { hit: () => 1 } })) + 1_000;
    await using box = await createSandbox({ grant: { hit: () => 1 } });
    expect(await box.run(source)).toMatchObject({ status: "threw", usage: { calls: 1 } });
    const ended = await box.run(source, { limits: { fuel } });
    expect(ended).toMatchObject({ status: "exhausted", resource: "fuel", usage: { calls: 1 } });
    expect(ended.usage.fuel).toBeLessThan(fuel + 10_000);
    expect(box.ended()).toBe("it ran out of fuel");
  });
});
