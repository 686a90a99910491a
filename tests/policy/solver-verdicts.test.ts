// Claims that exploration leaves open and Z3 settles; nothing that a solver says makes a refutation without a trace, or a
// proof without an invariant.
import { afterAll, describe, expect, test } from "vitest";
import { newZ3 } from "../../embed/cli/policy/z3.ts";
import { isForSolver, type Options, prove, proveWith, type Solver } from "../../policy-libs/policy/analysis/index.ts";
import type { RProve } from "../../policy-libs/policy/resolved.ts";
import { expectAgreement } from "./agreement.ts";
import { VOCABULARY } from "./examples.ts";
import { claimOf, isAskedForBy } from "./solver-claims.ts";

const z3 = newZ3();
afterAll(() => z3.close());

const EXACT: Options = { limits: { work: 60_000, states: 2_000 } };
const SHORT = { limits: { work: 1, states: 1 }, milliseconds: 1_500 };

const POLICIES = `
policy quota over files.write { default abstain deny files.write when sum size on files.write + size > 10MB }
policy paid(daily: int = 500) over payments.charge {
  default deny
  allow payments.charge when amount <= 100 and sum amount on payments.charge + amount <= daily
}
policy capped(n: int = 5) over payments.charge {
  default deny
  allow payments.charge when amount <= 100 and count payments.charge < n
}
policy windowed(daily: int = 500) over payments.charge {
  default deny
  allow payments.charge when amount <= 100 and sum amount on payments.charge within 1d in 24 steps + amount <= daily
}
policy small_sends over net.send { default abstain deny net.send when size > 100 or count net.send >= 1000 }
policy small_ports over net.send { default abstain deny net.send when port > 100 }
policy either(n: int = 5) over payments.charge { default deny allow payments.charge when amount <= 100 and count payments.charge < n }
policy by_host over net.send { default abstain deny net.send when sum size on net.send by host max 8 + size > 9 }
policy open over net.send { default abstain }
policy patient over net.send { default abstain deny net.send when count refused net.send >= 1 }
policy seen over net.send { default abstain deny net.send when count net.send(size >= 0) != count net.send }
policy floored over net.send { default abstain deny net.send when level net.send minus files.write >= 1 }
policy asks over net.send { default abstain ask net.send when sum size on approved net.send > 9 }
bundle chosen { any of capped, either }
`;
const claimAbout = (claim: string): RProve => claimOf(`${POLICIES}\nprove ${claim}`, VOCABULARY);

/** Open without a solver. */
const PROVED = [
  "capped never payments.charge when sum amount on payments.charge > 500",
  "capped never payments.charge when sum amount on payments.charge + amount > 500",
  "capped narrower than paid",
  "paid narrower than windowed",
  "small_sends never net.send when sum size on net.send > 100kB",
];
/** With so many events. */
const REFUTED: readonly (readonly [string, number])[] = [
  ["quota never files.write when sum size on files.write > 9MB", 2],
  ["windowed(daily: 501) narrower than windowed", 6],
  ["windowed narrower than paid", 6],
];

describe("what exploration leaves open", () => {
  test.for(PROVED)("is proved: %s", async (text) => {
    const claim = claimAbout(text);
    expect(prove(claim, EXACT).verdict).toBe("bounded");
    expect(await proveWith(z3, claim)).toEqual({ verdict: "proved", by: "z3" });
  });

  test.for(REFUTED)("is refuted: %s", async ([text, length]) => {
    const claim = claimAbout(text);
    expect(prove(claim, EXACT).verdict).toBe("bounded");
    const verdict = await proveWith(z3, claim);
    expect(verdict).toMatchObject({ verdict: "refuted", trace: { length } });
    expectAgreement(verdict, claim.of, isAskedForBy(claim), [], claim.claim.kind === "narrower than");
  });

  test("of two ways both are asked about", async () => {
    expect(await proveWith(z3, claimAbout("capped same as capped(n: 5)"), SHORT)).toMatchObject({ verdict: "proved" });
    expect(await proveWith(z3, claimAbout("capped same as paid"), SHORT)).toMatchObject({ verdict: "refuted" });
  });

  test("sums end at 2^53-1: then one more is no more", async () => {
    const sums = "sum size on net.send + size == sum size on net.send";
    const claim = claimAbout(`small_ports never net.send when ${sums} and size > port`);
    expect(prove(claim, EXACT)).toMatchObject({ verdict: "refuted", trace: { length: 2 } });
    for (const options of [SHORT, {}])
      expect(await proveWith(z3, claim, options)).toMatchObject({ verdict: "refuted", trace: { length: 2 } });
  });

  test("others may refuse what the policy in force does not", async () => {
    const verdict = await proveWith(z3, claimAbout("open narrower than patient"), SHORT);
    expect(verdict).toMatchObject({ verdict: "refuted", trace: [{ kind: "refused" }, { kind: "call" }] });
  });

  test("an argument may be missing: then it is unknown whether a call matched, and what is unknown restricts", async () => {
    const verdict = await proveWith(z3, claimAbout("seen never refused net.send when count net.send >= 1"), SHORT);
    expect(verdict).toMatchObject({ verdict: "refuted", trace: [{ kind: "call" }, { kind: "refused" }] });
  });

  test("a level is never below 0", async () => {
    const verdict = await proveWith(
      z3,
      claimAbout("floored never net.send when previous net.send among net.send, files.write"),
      SHORT,
    );
    expect(verdict).toEqual({ verdict: "proved", by: "z3" });
  });

  test("what is told apart by a value is no sum of all", async () => {
    const claim = claimAbout("by_host never net.send when sum size on net.send > 9");
    expect(prove({ ...claimAbout("by_host never net.send when count net.send >= 3") }, EXACT).verdict).toBe("refuted");
    expect((await proveWith(z3, claim, SHORT)).verdict).not.toBe("proved");
  });

  test("an approval is in the past before its call is", async () => {
    const first = claimAbout("asks never approved net.send when never net.send");
    const soon = claimAbout("asks never approved net.send when sum size on net.send <= 9");
    for (const claim of [first, soon]) {
      expect(prove(claim, EXACT).verdict).not.toBe("refuted");
      expect((await proveWith(z3, claim, SHORT)).verdict).not.toBe("refuted");
    }
  });

  test("stays open where policies are chosen from, and where time is short", async () => {
    const chosen = claimAbout("chosen never payments.charge when sum amount on payments.charge > 500");
    expect([isForSolver(chosen), (await proveWith(z3, chosen, SHORT)).verdict]).toEqual([false, "bounded"]);
    const claim = claimAbout("capped narrower than paid");
    expect(await proveWith(z3, claim, { ...EXACT, milliseconds: 0 })).toEqual({
      ...prove(claim, EXACT),
      reason: expect.stringMatching(/not every amount was tried; .*z3: no trace/),
    });
  });
});

/** Answers by the question: is there an invariant, is it one, or is there a run? */
const fake = (answer: (script: string) => unknown): Solver & { readonly asked: string[] } => {
  const asked: string[] = [];
  const run = async (script: string): Promise<string> => {
    asked.push(script);
    return answer(script) as string;
  };
  return { name: "fake", run, asked };
};
const isRun = (script: string): boolean => script.includes("define-fun Gg");
const isFirst = (script: string): boolean => script.includes("HORN");
const INVARIANT = "sat ((define-fun Inv ((a Int) (b Int) (c Int) (d Bool) (e Int) (f Int)) Bool true))";

describe("a solver that is wrong refutes nothing that does not happen", () => {
  const claim = claimAbout("capped narrower than paid");
  const before = prove(claim, EXACT);
  const answered = (answer: (script: string) => unknown) => proveWith(fake(answer), claim, EXACT);
  const bounded = (why: string) => ({
    verdict: "bounded",
    depth: before.verdict === "bounded" ? before.depth : -1,
    reason: expect.stringContaining(`fake: ${why}`),
  });

  test("by models", async () => {
    const models = ["sat", "sat ()", "sat ((define-fun l0 () Int 99))", "sat ((define-fun i0qgoalx0 () Int 100))"];
    for (const model of models) {
      expect(await answered((script) => (isRun(script) ? model : "unknown"))).toEqual(
        bounded("a run that it found is no history"),
      );
    }
  });

  test("by what is no answer", async () => {
    const answers: readonly (readonly [unknown, string])[] = [
      ["", "it said: "],
      ["(((", "it said: ((("],
      [")", "it said: )"],
      ["(".repeat(5_000), "it said: ((("],
      ['(error "line 1") unsat', "it said: (error"],
      [undefined, "its answer is no text"],
      [7, "its answer is no text"],
      ["timeout", "it does not know in that time"],
    ];
    for (const [answer, why] of answers) expect(await answered(() => answer)).toEqual(bounded(why));
  });

  test("by failing", async () => {
    const fails = (error: unknown) =>
      answered(() => {
        throw error;
      });
    expect(await fails(new Error("broken"))).toEqual(bounded("it failed: broken"));
    expect(await fails(undefined)).toEqual(bounded("it failed: undefined"));
  });

  test("nor proves by an invariant that is none", async () => {
    const verdict = await answered((script) => (isRun(script) ? "unsat" : isFirst(script) ? INVARIANT : "sat"));
    expect(verdict).toEqual(bounded("what it called an invariant is none"));
  });

  test("and an invariant is looked at by Z3 as it would be by itself", async () => {
    const trusting = fake((script) => (isFirst(script) ? INVARIANT : "unsat"));
    await proveWith(trusting, claim, EXACT);
    const check = trusting.asked.find((script) => script.includes("Broken")) as string;
    expect(await z3.run(check, 2_000)).toMatch(/^sat/);
    const real = await z3.run(trusting.asked.find(isFirst) as string, 5_000);
    const [, invariant] = /^sat\s*\(([\s\S]*)\)\s*$/.exec(real) ?? [];
    expect(await z3.run(check.replace(/\(define-fun Inv .*\n/, `${invariant}\n`), 2_000)).toMatch(/^unsat/);
  });
});

describe("Z3", () => {
  test("that never answers is given up, and loaded anew when it is asked again", async () => {
    let loads = 0;
    const never = newZ3(async () => ({ init: () => new Promise(() => loads++) }));
    await expect(never.run("(check-sat)", -1_900)).rejects.toThrow("no answer in time");
    await expect(never.run("(check-sat)", -1_900)).rejects.toThrow("no answer in time");
    expect(loads).toBe(2);
  });

  test("that is another package is an error that says so", async () => {
    await expect(newZ3(async () => ({})).run("(check-sat)", 10)).rejects.toThrow('z3-solver has no "init"');
  });

  test("that cannot be loaded, or is still loading, can be closed", async () => {
    const broken = newZ3(() => Promise.reject(new Error("broken")));
    await expect(broken.run("(check-sat)", 10)).rejects.toThrow("broken");
    broken.close();
    let ended = 0;
    const em = { PThread: { terminateAllThreads: () => void ended++ } };
    const late = newZ3(async () => ({ init: async () => ({ em }) }));
    const run = late.run("(check-sat)", 10).catch(() => "none");
    late.close();
    expect([await run, ended]).toEqual(["none", 1]);
  });

  test("reads long scripts whole", async () => {
    for (const length of [10, 100_000, 3_000_000]) {
      const script = `;${"x".repeat(length)}\n(declare-const a Int)(assert (= a ${length}))(check-sat)(get-value (a))`;
      expect(await z3.run(script, 2_000)).toBe(`sat\n((a ${length}))\n`);
    }
  });
});
