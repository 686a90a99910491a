import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Mode } from "../../kernel/index.ts";
import { makeProgram } from "./generate.ts";
import { artifactOf, FRAME, type Machine, outcomeOf, runArtifact, runOriginal, SEGMENT } from "./machine.ts";

const tapes = fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 400 }), { minLength: 1, maxLength: 3 });
const ARGUMENTS: readonly [number, bigint, number][] = [
  [0, 0n, 0],
  [1234, -5n, 1.5],
  [-1, 1n << 62n, Number.NaN],
];

/** What a machine does when each function is called with each row of arguments. */
function story(machine: Machine, functions: number): unknown[] {
  const told: unknown[] = [];
  for (let index = 0; index < functions; index++) {
    for (const row of ARGUMENTS) told.push(outcomeOf(() => machine.exports[`f${index}`]?.(...row)));
  }
  return told;
}

function expectSame(program: readonly (readonly number[])[], mode: Mode): void {
  const source = makeProgram(program);
  const original = runOriginal(source);
  const artifact = runArtifact(artifactOf(source, mode), mode);
  expect(story(artifact, program.length)).toEqual(story(original, program.length));
  expect(Buffer.compare(artifact.memory(), original.memory())).toBe(0);
}

describe("instrument", () => {
  test("G10 transparency: in frame mode an artifact computes what its source computes", () => {
    fc.assert(
      fc.property(tapes, (program) => expectSame(program, FRAME)),
      { numRuns: 400 },
    );
  });

  test("G10 transparency: in segment mode an artifact computes what its source computes", () => {
    fc.assert(
      fc.property(tapes, (program) => expectSame(program, SEGMENT)),
      { numRuns: 400 },
    );
  });

  test("G9 determinism: the same program pays the same fuel again", () => {
    const fuel = (artifact: Uint8Array<ArrayBuffer>, functions: number): number => {
      const machine = runArtifact(artifact);
      story(machine, functions);
      return machine.spent();
    };
    const property = fc.property(tapes, (program) => {
      const artifact = artifactOf(makeProgram(program));
      expect(fuel(artifact, program.length)).toBe(fuel(artifact, program.length));
    });
    fc.assert(property, { numRuns: 60 });
  });
});
