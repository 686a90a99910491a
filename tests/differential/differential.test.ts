// The same program in cordon, in V8 and in another QuickJS: the same result, but where known.ts says otherwise.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { ENGINES } from "./engines.ts";
import { FEATURES } from "./features.ts";
import { AGREED, DIFFERENCES } from "./known.ts";
import { anyProgram, type Program } from "./program.ts";

const PROGRAMS = process.env["CORDON_DEEP"] === "1" ? 10_000 : 400;
const names = Object.keys(FEATURES);

async function inAll(source: string): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const { name, evaluate } of ENGINES) said[name] = await evaluate(source);
  return said;
}

const same = (text: string): Record<string, string> => Object.fromEntries(ENGINES.map(({ name }) => [name, text]));

/** The first lines that differ, after the source: a report that can be read. */
function explain({ source }: Program, said: Record<string, string>): string {
  const [lines, others] = [said["V8"]?.split("\n") ?? [], ENGINES.map(({ name }) => said[name]?.split("\n") ?? [])];
  const at = lines.findIndex((line, i) => others.some((other) => other[i] !== line));
  const differing = ENGINES.map(({ name }, i) => `${name}: ${others[i]?.[at]}`);
  return `${source}\n\nfirst difference, line ${at}:\n${differing.join("\n")}`;
}

describe("generated programs", () => {
  const seen = new Map<string, number>();
  let programs = 0;

  prop.prop([anyProgram], { numRuns: PROGRAMS })(
    "give the same result in cordon, V8 and QuickJS",
    async (program) => {
      const said = await inAll(program.source);
      programs++;
      for (const feature of new Set(program.features)) seen.set(feature, (seen.get(feature) ?? 0) + 1);
      expect(said["V8"], program.source).not.toMatch(/^threw/);
      expect(said, explain(program, said)).toEqual(same(said["V8"] as string));
    },
    30 * 60_000,
  );

  test("are at least 300, of at least 40 features, each in at least 5 % of them", () => {
    expect(programs).toBeGreaterThanOrEqual(300);
    expect(names.length).toBeGreaterThanOrEqual(40);
    expect(names.filter((name) => (seen.get(name) ?? 0) < programs * 0.05)).toEqual([]);
  });

  test("are the same for the same seed", () => {
    const sample = (): Program[] => fc.sample(anyProgram, { numRuns: 20, seed: 7 });
    expect(sample()).toEqual(sample());
  });

  test("come to an end: no feature is a block that fails at once in every engine alike", async () => {
    const [all, threw] = [new Map<string, number>(), new Map<string, number>()];
    const count = (in_: Map<string, number>, feature: string) => in_.set(feature, (in_.get(feature) ?? 0) + 1);
    const v8 = ENGINES.find(({ name }) => name === "V8")!;
    for (const { features, source } of fc.sample(anyProgram, { numRuns: 300, seed: 11 })) {
      for (const feature of features) count(all, feature);
      const said = await v8.evaluate(source);
      for (const [, at] of said.matchAll(/^"(\d+) threw"/gm)) count(threw, features[Number(at)]!);
      expect(said.length, source).toBeGreaterThan(100);
    }
    expect(names.filter((name) => (threw.get(name) ?? 0) > 0.3 * (all.get(name) ?? 0))).toEqual([]);
  });
});

describe("edges of the language", () => {
  test.for(AGREED)("%s: all agree", async ([, source]) => {
    const said = await inAll(source);
    expect(said).toEqual(same(said["V8"] as string));
  });

  test.for(DIFFERENCES.map((each) => [each.name, each] as const))("%s: differs as known", async ([, each]) => {
    const { cordon, V8, QuickJS } = each;
    expect(await inAll(each.source)).toEqual({ cordon, V8, QuickJS });
    expect(new Set([cordon, V8, QuickJS]).size).toBeGreaterThan(1);
    expect(each.why).not.toBe("");
  });
});
