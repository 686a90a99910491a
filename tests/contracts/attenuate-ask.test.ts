// Approval by a callback: ask.
import { describe, expect, test } from "vitest";
import { type Call, within } from "../../policy-libs/call.ts";
import { type AskOptions, ask, type Decide, type Granted, type SignalledRequest } from "../../policy-libs/index.ts";
import { functionsOf, manualClock, newWorld, outcome, settled } from "./attenuate-world.ts";

function asked(decide: Decide, options: AskOptions = {}) {
  const world = newWorld();
  const clock = manualClock();
  const granted = ask(world.granted, decide, { clock, ...options });
  return { world, clock, granted, functions: functionsOf(granted) };
}

const inCall = <T>(call: Partial<Call>, task: () => T): T =>
  within(
    { account: undefined, interrupt: undefined, signal: () => new AbortController().signal as never, ...call },
    task,
  );

describe("ask", () => {
  test("asks with the capability, the call and its arguments, and calls after a yes only", async () => {
    const requests: SignalledRequest[] = [];
    const { world, functions } = asked(async (request) => {
      requests.push(request);
      expect(world.log).toHaveLength(0);
      return request.args[0] === "a" ? "allow" : "deny";
    });
    expect(await outcome(() => functions["read"]!("a"))).toBe("alpha");
    world.log.length = 0;
    expect(await outcome(() => functions["read"]!("b"))).toBe("E_DENIED");
    expect(requests).toMatchObject([
      { capability: "box", call: "read", args: ["a"] },
      { capability: "box", call: "read", args: ["b"] },
    ]);
    expect(world.log).toHaveLength(0);
  });

  test("whatever is no decision is a no", async () => {
    const garbage: unknown[] = [undefined, null, true, 1, "yes", "ALLOW", {}, [], { allow: 1 }, { allow: "true" }];
    garbage.push({ deny: 7 }, { allow: true, deny: "x" }, { allow: true, args: "a" }, { allow: false }, () => "allow");
    for (const decision of [...garbage, { allow: true, args: { length: 1, 0: "a" } }]) {
      const { world, functions } = asked(async () => decision as never);
      expect(await outcome(() => functions["read"]!("a"))).toBe("E_DENIED");
      expect(world.log).toEqual([]);
    }
  });

  test("a callback that throws, at once or late, is a no, and tells the guest nothing of why", async () => {
    const secret = (): never => {
      throw new Error("postgres://user:password@host");
    };
    for (const decide of [secret, async () => secret()]) {
      const { functions } = asked(decide);
      const error = await functions["read"]!("a").catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: "E_DENIED", message: "nobody could be asked" });
    }
  });

  test("a reason that was meant for the guest reaches it, cut", async () => {
    const { functions } = asked(async () => ({ deny: "not on Sundays".padEnd(1_000, "!") }));
    const error = await functions["read"]!("a").catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "E_DENIED" });
    expect((error as Error).message).toMatch(/^not on Sundays!/);
    expect((error as Error).message.length).toBeLessThan(300);
  });

  test("silence is a no after the timeout, and a late yes does nothing", async () => {
    let answer: (decision: "allow") => void = () => undefined;
    const { world, functions, clock } = asked(() => new Promise((resolve) => (answer = resolve)), { timeout: 1_000 });
    const call = outcome(() => functions["write"]!("a", "x"));
    await clock.advance(999);
    expect(clock.timers()).toBe(1);
    await clock.advance(1);
    expect(await call).toBe("E_DENIED");
    answer("allow");
    await settled();
    expect(world.texts.get("a")).toBe("alpha");
  });

  test("a guest that has gone makes no call, whatever the answer", async () => {
    for (const isLate of [false, true]) {
      let answer: (decision: "allow") => void = () => undefined;
      const { world, functions } = asked(() => new Promise((resolve) => (answer = resolve)));
      const gone = new AbortController();
      const call = inCall({ signal: () => gone.signal as never }, () => outcome(() => functions["write"]!("a", "x")));
      if (isLate) answer("allow");
      gone.abort();
      answer("allow");
      expect(await call).toBe("E_REVOKED");
      await settled();
      expect(world.texts.get("a")).toBe("alpha");
    }
  });

  test("what was approved is what is called: nobody changes the arguments in between", async () => {
    const args = [["approved"]];
    const got: unknown[] = [];
    const { granted } = newWorld();
    // Of the box, `isMine` takes any value here.
    const isMine = async (value: unknown): Promise<void> => void got.push(value);
    const decide: Decide = async (request) => {
      (request.args[0] as string[])[0] = "changed by the callback";
      args[0]![0] = "changed by the caller";
      return "allow";
    };
    await functionsOf(ask({ ...granted, functions: { ...granted.functions, isMine } }, decide))["isMine"]!(args[0]);
    expect(got).toEqual([["approved"]]);
  });

  test("arguments that the answer changes are checked against the contract", async () => {
    const answers: [readonly unknown[], unknown][] = [
      [["b"], "beta"],
      [[], "E_DENIED"],
      [["a", "b"], "E_DENIED"],
      [[7], "E_DENIED"],
      [[() => "a"], "E_VALUE"],
    ];
    for (const [args, expected] of answers) {
      const { functions } = asked(async () => ({ allow: true, args }));
      expect(await outcome(() => functions["read"]!("a"))).toBe(expected);
    }
  });

  test("always: the call is made without questions from then on, other calls are asked about", async () => {
    const questions: string[] = [];
    const { functions } = asked(async ({ call }) => {
      questions.push(call);
      return call === "read" ? "always" : "deny";
    });
    for (let i = 0; i < 3; i++) expect(await outcome(() => functions["read"]!("a"))).toBe("alpha");
    expect(await outcome(() => functions["write"]!("a", "x"))).toBe("E_DENIED");
    expect(questions).toEqual(["read", "write"]);
  });

  test("calls: the named ones are asked about, of handles too; those alone wait", async () => {
    const questions: string[] = [];
    const decide: Decide = async ({ capability, call }) => {
      questions.push(`${capability}.${call}`);
      return "deny";
    };
    const { world, granted, functions } = asked(decide, { calls: ["count", "cell.set"] });
    expect(granted.modes["count"]).toBe("blocking");
    const cell = (await functions["open"]!("a")) as Granted;
    expect(cell.modes["peek"]).toBe("sync");
    expect(functionsOf(cell)["peek"]!()).toBe("alpha");
    expect(await outcome(() => functionsOf(cell)["set"]!("x"))).toBe("E_DENIED");
    expect(await outcome(() => functions["count"]!())).toBe("E_DENIED");
    expect(questions).toEqual(["cell.set", "box.count"]);
    expect(world.texts.get("a")).toBe("alpha");
    expect(() => ask(world.granted, decide, { calls: ["reed"] })).toThrow(TypeError);
  });

  test("a hundred questions wait, the next call is refused; answers may come in any order", async () => {
    const answers: ((decision: "allow") => void)[] = [];
    const { world, functions } = asked(() => new Promise((resolve) => answers.push(resolve)));
    const calls = Array.from({ length: 103 }, () => outcome(() => functions["count"]!()));
    await settled();
    expect([answers.length, world.log.length]).toEqual([100, 0]);
    for (const answer of answers.reverse()) answer("allow");
    const got = await Promise.all(calls);
    expect(got.filter((value) => value === "E_BUSY")).toHaveLength(3);
    expect(got.filter((value) => typeof value === "number")).toHaveLength(100);
    const next = outcome(() => functions["count"]!());
    await settled();
    answers.at(-1)!("allow");
    expect(await next).toBe(101);
  });

  test("interrupt: the run is asked, and its answer is the decision", async () => {
    const questions: unknown[] = [];
    const answers: [unknown, unknown][] = [
      ["allow", "alpha"],
      [{ allow: true, args: ["b"] }, "beta"],
      ["deny", "E_DENIED"],
      ["interrupt", "E_DENIED"],
      ["garbage", "E_DENIED"],
    ];
    for (const [answer, expected] of answers) {
      const { functions } = asked(async () => "interrupt");
      const interrupt = async (question: unknown): Promise<unknown> => {
        questions.push(question);
        return answer;
      };
      expect(await inCall({ interrupt }, () => outcome(() => functions["read"]!("a")))).toBe(expected);
    }
    expect(questions).toEqual(new Array(5).fill({ capability: "box", call: "read", args: ["a"] }));
  });

  test("interrupt: where nobody can be asked it is a no", async () => {
    const { world, functions } = asked(async () => "interrupt");
    expect(await outcome(() => functions["write"]!("a", "x"))).toBe("E_DENIED");
    expect(world.log).toEqual([]);
  });

  test("what is called after a yes still belongs to the call that asked", async () => {
    const { world, functions } = asked(async () => "allow");
    const caller = new AbortController();
    const call = inCall({ signal: () => caller.signal as never }, () => functions["slow"]!("a"));
    await settled();
    caller.abort();
    expect(world.signals[0]?.aborted).toBe(true);
    world.finish();
    await call;
  });
});
