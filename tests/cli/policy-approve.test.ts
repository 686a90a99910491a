// What a policy asks, at a terminal: only what is typed after the question answers it, and nothing of a guest drives it.
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { answered, ask, asker, type Place, placeOf } from "../../embed/cli/policy/approve.ts";
import type { Screen } from "../../embed/cli/terminal.ts";
import { run } from "../../embed/node/index.ts";
import { policy, type Question, tree } from "../../policy-libs/index.ts";

interface Desk {
  readonly place: Place;
  readonly keys: PassThrough;
  readonly shown: () => string;
}
const never = new AbortController().signal;

/** Types `answer` as soon as a question is shown. */
function desk(...answers: readonly (string | undefined)[]): Desk {
  const keys = new PassThrough();
  const left = [...answers];
  let said = "";
  const write = (text: string): void => {
    said += text;
    if (!text.endsWith("Enter: ")) return;
    const answer = left.shift();
    if (answer === undefined) keys.end();
    else setImmediate(() => keys.write(answer));
  };
  const screen: Screen = { isTerminal: true, hasColors: false, write };
  return { place: placeOf(keys, screen), keys, shown: () => said };
}
const question = (...args: unknown[]): Question => ({
  ...{ kind: "policy", of: "user", policy: "careful", because: "it pays", call: "payments.charge", arguments: args },
});

describe("a question at the terminal", () => {
  test.each([
    ["y\n", true],
    ["yes\n", true],
    [" Y \r\n", true],
    ["n\n", false],
    ["\n", false],
    ["yeah\n", false],
    ["y no\n", false],
    ["y".repeat(1_000), false],
    [undefined, false],
  ])("%j is yes: %s", async (typed, isYes) => {
    expect(await ask(question(), desk(typed).place, never)).toBe(isYes);
  });

  test("names the call with its arguments, the policy, who is asked and why", async () => {
    const { place, shown } = desk("n\n");
    await ask(question(30, { to: "a.example" }), place, never);
    expect(shown()).toBe(
      "cordon: may the guest call payments.charge(30, { to: 'a.example' })?\n" +
        "  the policy careful asks user: it pays\n  y or n, then Enter:   no\n",
    );
  });

  test("what was typed before it was shown answers nothing", async () => {
    const { place, keys } = desk("n\n");
    keys.write("y\n");
    expect(await ask(question(), place, never)).toBe(false);
  });

  test("nothing that a guest chose drives the terminal, makes a line of its own, or fills the screen", async () => {
    const attack = `x\n  y or n, then Enter: \x1b[2J\r\u202e${"z".repeat(10_000)}`;
    const { place, shown } = desk("n\n");
    await ask(question(attack, { [attack]: attack }, [attack]), place, never);
    expect(shown()).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    expect(shown().split("\n")).toHaveLength(4);
    expect(shown().length).toBeLessThan(1_500);
  });

  test("ends as no when the run is aborted, whatever is typed then", async () => {
    const stop = new AbortController();
    const { place, keys } = desk("");
    const answer = ask(question(), place, stop.signal);
    setTimeout(() => stop.abort(), 100);
    expect(await answer).toBe(false);
    keys.write("y\n");
    expect(await ask(question(), place, stop.signal)).toBe(false);
  });

  test("stops reading once it is answered: what follows is for whoever reads next", async () => {
    const { place, keys } = desk("y\n");
    await ask(question(), place, never);
    keys.write("more");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(String(keys.read())).toBe("more");
  });

  test("of two, the second is put when the first is answered", async () => {
    const { place, shown } = desk("y\n", "n\n");
    const put = asker(place, never);
    expect(await Promise.all([put(question(1)), put(question(2))])).toEqual([true, false]);
    expect(shown().indexOf("charge(2)")).toBeGreaterThan(shown().indexOf("Enter: "));
  });
});

describe("a run that a policy interrupts", () => {
  const under = (source: string) =>
    run({
      source,
      grant: { files: tree({ a: "alpha" }) },
      policy: policy.text("policy p over files.* { default abstain ask files.readText }"),
      limits: { wall: 400 },
    });
  const twice =
    "const all = []; for (let i = 0; i < 2; i++) all.push(await files.readText('a').catch((e) => e.code)); all";

  test("goes on with each answer, and the time of answering is not its own", async () => {
    const { place } = desk("y\n", "n\n");
    const slow: Place = {
      ...place,
      drain: () => new Promise((resolve) => setTimeout(resolve, 300)),
    };
    expect(await answered(await under(twice), never, slow)).toMatchObject({ value: ["alpha", "E_DENIED"] });
  });

  test("a question of anybody else is left open", async () => {
    const { interrupt } = await import("../../policy-libs/index.ts");
    const first = await run({ source: "await pay()", grant: { pay: () => interrupt("how much?") } });
    const { place, shown } = desk("y\n");
    const result = await answered(first, never, place);
    expect([result.status, shown()]).toEqual(["interrupted", ""]);
    if (result.status === "interrupted") result.continuation.cancel();
  });
});
