import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, test as example, expect } from "vitest";
import { runs } from "../kit/confinement.ts";
import { check, policyOf } from "./policed-oracle.ts";
import { anyFreePlot, anyPlot } from "./policed-texts.ts";
import { type Happened, play } from "./policed-world.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const { numRuns } = isDeep ? { numRuns: 2_000 } : runs(80);
const timeout = 3_600_000;
const counted = { performed: 0, refused: 0, approved: 0, delayed: 0, changed: 0, compared: 0, transparent: 0 };

const endedByWall = ({ results }: Happened): boolean => JSON.stringify(results).includes("exhausted");
const visible = ({ results, performed }: Happened) => ({ results, calls: performed.map(({ call }) => call) });

describe("G3 authority: a guest under a policy", () => {
  test.prop([anyPlot()], { numRuns })(
    "never performs a sequence of calls that the policy forbids",
    async (plot) => {
      fc.pre(policyOf(plot.text) !== undefined);
      const happened = await play(plot);
      check(plot.text, happened, !plot.isLayered);
      counted.performed += happened.past.filter(({ kind }) => kind === "call").length;
      counted.refused += happened.past.filter(({ kind }) => kind === "refused").length;
      counted.approved += happened.past.filter(({ kind }) => kind === "approved").length;
      counted.delayed += happened.decided.filter(({ verdict }) => verdict === "delayed").length;
      counted.changed += happened.decided.filter(({ verdict }) => verdict === "changed").length;
    },
    timeout,
  );

  test.prop([anyPlot(1)], { numRuns })(
    "is told the same and does the same, whether the kernel's table decides or the policy library is always asked",
    async (plot) => {
      fc.pre(policyOf(plot.text) !== undefined);
      const heard = await play(plot, { isQuick: true });
      const quiet = await play(plot, { isQuick: true, isQuiet: true });
      fc.pre(!endedByWall(heard) && !endedByWall(quiet));
      expect(visible(quiet)).toEqual(visible(heard));
      counted.compared++;
    },
    timeout,
  );

  test.prop([fc.constantFrom(1, 5).chain(anyFreePlot), fc.boolean()], { numRuns })(
    "G10 transparency: sees nothing of policies that abstain",
    async (plot, isQuiet) => {
      expect(policyOf(plot.text)).toBeDefined();
      const free = await play(plot, { isQuick: true, isFree: true });
      const under = await play(plot, { isQuick: true, isQuiet });
      fc.pre(!endedByWall(free) && !endedByWall(under));
      expect(visible(under)).toEqual(visible(free));
      counted.transparent++;
    },
    timeout,
  );

  example("was tried on all kinds of decisions", () => {
    const { compared, transparent, ...kinds } = counted;
    expect(Math.min(compared, transparent)).toBeGreaterThan(numRuns / 2);
    expect(Object.entries(kinds).filter(([, count]) => count < numRuns / 10)).toEqual([]);
  });
});
