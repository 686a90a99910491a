// What is done with policies: bundles, tests, and references to policies from them.
import {
  accept,
  acceptOne,
  type Cursor,
  expect,
  expectOne,
  fail,
  name,
  spanFrom,
  take,
  text,
  time,
  unexpected,
} from "./cursor.ts";
import { operation, separated, valuesUntil } from "./parse-cond.ts";
import { valueOrList } from "./parse-policy.ts";
import { type Binding, type Bundle, type Ref, type Step, type Test, VERDICTS } from "./tree.ts";

export function ref(c: Cursor): Ref {
  const { from, kind } = c.token;
  const called = kind === "dotted" ? take(c).value : name(c, "the name of a policy");
  const bindings = accept(c, "(") ? separated(c, binding) : [];
  if (bindings.length > 0) expect(c, ")");
  return { name: called, arguments: bindings, at: spanFrom(c, from) };
}

function binding(c: Cursor): Binding {
  const { from } = c.token;
  const called = name(c, "the name of a parameter");
  expect(c, ":");
  return { name: called, value: valueOrList(c), at: spanFrom(c, from) };
}

export function bundle(c: Cursor, from: number): Bundle {
  const called = name(c, "the name of a bundle");
  expect(c, "{");
  c.inside = { what: "bundle", name: called };
  const members: Bundle["members"][number][] = [];
  while (!accept(c, "}")) {
    const join = acceptOne(c, ["all", "any"]) ?? unexpected(c, "P012");
    expect(c, "of");
    members.push({ join, of: separated(c, ref) });
  }
  return { kind: "bundle", name: called, members, at: spanFrom(c, from) };
}

export function test(c: Cursor, from: number): Test {
  const called = text(c);
  expect(c, "for");
  const of = ref(c);
  expect(c, "{");
  c.inside = { what: "test", name: called };
  const steps: Step[] = [];
  while (!accept(c, "}")) steps.push(step(c));
  return { kind: "test", name: called, of, steps, at: spanFrom(c, from) };
}

function step(c: Cursor): Step {
  const { from } = c.token;
  if (accept(c, "wait")) return { kind: "wait", time: time(c), at: spanFrom(c, from) };
  const event = accept(c, "result") ? "result" : "call";
  const op = oneCall(c);
  expect(c, "(");
  const values = valuesUntil(c, ")");
  expect(c, "is");
  const is = expectOne(c, VERDICTS);
  const by = accept(c, "by") ? text(c) : undefined;
  return { kind: "event", event, op, values, is, by, at: spanFrom(c, from) };
}

/** A test makes one event at a time: no wildcard. */
function oneCall(c: Cursor): string {
  const { kind } = c.token;
  if (kind === "wildcard") fail("P017", c.token, "a test names one call at a time", "Write its name in full.");
  return kind === "dotted" ? operation(c) : unexpected(c, "P012", '"wait", a call such as net.send or "}"');
}
