// Policies over WebAssembly programs: the gate's monitor, its mirror in the program's own trampoline, and checks of
// instructions, from the text of a policy to what the program meets.
import { test as prop } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ProgramResult, runProgram } from "../../embed/node/index.ts";
import { capability, contract, nothing, type PolicyOptions, policy } from "../../policy-libs/index.ts";
import { CALL } from "../../stdlib/abi.ts";
import { wat } from "../kit/wat.ts";

const CALLS = { takes: [], gives: nothing(), refuses: [], about: "", mode: "sync" } as const;
const DOOR = contract({
  name: "door",
  allows: "three calls",
  never: "anything else",
  calls: { a: CALLS, b: CALLS, c: CALLS },
});

/** Calls what the digits of its numbers say, to base four; writes how each went: 1 made, 2 refused, 3 refused early. */
const PLAYER = wat(`(module
  (import "cordon" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $one (param $method i32) (result i32) (local $code i32)
    (local.set $code (call $call (i32.const 4) (local.get $method) (i32.const 64) (i32.const 0) (i32.const 8)))
    (select (i32.const 1)
      (select (i32.const 3) (i32.const 2) (i32.eq (local.get $code) (i32.const -2)))
      (i32.ge_s (local.get $code) (i32.const 0))))
  (func (export "play") (param $trace i32) (result i32) (local $said i32)
    (loop $next
      (if (i32.and (local.get $trace) (i32.const 3)) (then
        (local.set $said (i32.or (i32.shl (local.get $said) (i32.const 2))
          (call $one (i32.sub (i32.and (local.get $trace) (i32.const 3)) (i32.const 1)))))
        (local.set $trace (i32.shr_u (local.get $trace) (i32.const 2)))
        (br $next))))
    (local.get $said))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "down") (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (call $down (i32.sub (local.get $n) (i32.const 1)))) (else (i32.const 0))))
  (func $down (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (call $down (i32.sub (local.get $n) (i32.const 1)))) (else (i32.const 0))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);

async function play(text: string, entry: string, entryArgs: readonly number[], options: PolicyOptions = {}) {
  const performed: string[] = [];
  const say = (name: string) => (): void => void performed.push(name);
  const grant = { door: capability(DOOR, { a: say("a"), b: say("b"), c: say("c") }) };
  const result = await runProgram({ module: PLAYER, grant, entry, entryArgs, policy: policy.text(text, options) });
  return { performed, result, value: result.status === "returned" ? (result.value as number) : undefined };
}

const trace = (calls: readonly number[]): number => calls.reduceRight((all, call) => all * 4 + call, 0);
const said = (value: number | undefined): number[] =>
  value === undefined || value === 0 ? [] : [...said(value >>> 2), value & 3];
const ended = ({ status, ...rest }: ProgramResult) => [status, "why" in rest ? rest.why : undefined];

describe("a policy of few states over a program", () => {
  const once = "policy p over door.* { default abstain deny door.b when once door.a }";

  test("is mirrored in the program: what it refuses does not cross, and counts no call", async () => {
    const { performed, result, value } = await play(once, "play", [trace([2, 1, 2, 2, 3])]);
    expect(said(value)).toEqual([1, 1, 3, 3, 1]);
    expect([performed, result.usage.calls]).toEqual([["b", "a", "c"], 3]);
    expect(CALL.DENIED).toBe(-2);
  });

  test("decides alike where the gate alone decides", async () => {
    const { performed, value } = await play(once, "play", [trace([2, 1, 2, 2, 3])], { onDecided: () => undefined });
    expect([performed, said(value)]).toEqual([
      ["b", "a", "c"],
      [1, 1, 2, 2, 1],
    ]);
  });

  test("is mirrored also where another rule needs the policy library to remember", async () => {
    const text = `policy p over door.* { default abstain deny door.b when once door.a
      deny door.c when count door.a within 1h >= 2 delay door.a to 5 per 1ms }`;
    const { performed, value } = await play(text, "play", [trace([2, 1, 2, 3])]);
    expect(performed).toEqual(["b", "a", "c"]);
    expect(said(value).map((code) => code === 1)).toEqual([true, true, false, true]);
  });
});

const name = fc.constantFrom("door.a", "door.b", "door.c", "door.*");
const condition: fc.Arbitrary<string> = fc.oneof(
  name.map((op) => `once ${op}`),
  name.map((op) => `never ${op}`),
  fc.tuple(name, fc.integer({ min: 1, max: 4 })).map(([op, n]) => `count ${op} >= ${n}`),
  fc.tuple(name, name).map(([a, b]) => `once ${a} with no ${b} since`),
  fc.tuple(name, name).map(([a, b]) => `previous ${a} among ${b}`),
);
const rule = fc
  .tuple(
    fc.constantFrom("deny", "allow"),
    name,
    fc.array(condition, { minLength: 0, maxLength: 2 }),
    fc.constantFrom("and", "or"),
  )
  .map(([effect, op, conditions, word]) =>
    conditions.length === 0 ? `${effect} ${op}` : `${effect} ${op} when ${conditions.join(` ${word} `)}`,
  );
const somePolicy = fc
  .tuple(fc.constantFrom("abstain", "allow", "deny"), fc.array(rule, { minLength: 1, maxLength: 4 }))
  .map(([otherwise, rules]) => `policy p over door.* { default ${otherwise} ${rules.join("\n")} }`);

prop.prop([somePolicy, fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 14 })], { numRuns: 150 })(
  "G3 authority: table and mirror decide as the policy library alone does, and perform the same calls",
  async (text, calls) => {
    const [inlined, outlined] = await Promise.all([
      play(text, "play", [trace(calls)]),
      play(text, "play", [trace(calls)], { onDecided: () => undefined }),
    ]);
    expect(inlined.performed).toEqual(outlined.performed);
    expect(said(inlined.value).map((code) => code === 1)).toEqual(said(outlined.value).map((code) => code === 1));
  },
);

describe("a policy about instructions of a program", () => {
  test("is checked at divisions", async () => {
    const text = 'policy p over vm.divide { default abstain deny vm.divide when divisor == 0 because "by zero" }';
    expect((await play(text, "divide", [6, 3])).value).toBe(2);
    expect(ended((await play(text, "divide", [6, 0])).result)).toEqual(["refused", "by zero"]);
  });

  test("is checked at calls, and where memory grows", async () => {
    const deep = 'policy p over vm.call { default abstain halt vm.call when depth > 20 because "deep" }';
    expect((await play(deep, "down", [15])).value).toBe(0);
    expect(ended((await play(deep, "down", [25])).result)).toEqual(["refused", "deep"]);
    const small = "policy p over vm.grow { default abstain deny vm.grow when pages_after > 3 }";
    expect((await play(small, "grow", [1])).value).toBe(1);
    expect((await play(small, "grow", [9])).value).toBe(-1);
  });

  test("stands beside one about calls", async () => {
    const text = `policy p over door.*, vm.divide { default abstain deny door.b when once door.a
      suppress vm.divide giving 7 when divisor == 0 }`;
    expect((await play(text, "divide", [6, 0])).value).toBe(7);
    expect(said((await play(text, "play", [trace([1, 2])])).value)).toEqual([1, 3]);
  });

  test("and monitors of one's own are one too many", async () => {
    const monitors = { registers: 0, reasons: [], on: {} };
    const source = policy.text("policy p over vm.divide { default abstain deny vm.divide when divisor == 0 }");
    await expect(
      runProgram({ module: PLAYER, entry: "divide", entryArgs: [1, 1], monitors, policy: source }),
    ).rejects.toMatchObject({ code: "E_OPTION" });
  });
});
