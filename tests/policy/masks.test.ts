// Masks, and that edits commute and are stable.
import { test as prop } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edit } from "../../policy-libs/policy/edits.ts";
import { MASKS, masked } from "../../policy-libs/policy/mask.ts";
import type { Decision, PolicyEvent, REdit, RPolicy } from "../../policy-libs/policy/resolved.ts";
import type { Argument, Operation } from "../../policy-libs/policy/vocabulary.ts";
import * as r from "../kit/resolved.ts";

describe("masks", () => {
  test.each([
    ["card-number", "pay 4111 1111-1111 1111 now", "pay ******************* now"],
    ["card-number", "x378282246310005y", "x***************y"],
    ["card-number", "4222222222222, 4222222222223", "*************, 4222222222223"],
    ["card-number", "room 12, 1234567", "room 12, 1234567"],
    ["email", "write to bob.b+1@x.example, or @home", "write to *****************, or @home"],
    ["email", "a@ b", "a@ b"],
    ["phone", "call(+49 30 123456)!", "call***************!"],
    ["phone", "in 1984, 12345", "in 1984, 12345"],
    ["digits", "a1b٣", "a*b*"],
    ["all", "a\u{1f600}", "***"],
    ["no such mask", "abc", "***"],
  ])("%s: %s becomes %s", (mask, text, expected) => {
    expect(masked(text, [mask])).toBe(expected);
  });

  test("the union is computed on the original", () => {
    // Each would hide the other's evidence: digits first leaves no card number, a card number first leaves no digit.
    expect(masked("4111111111111111 and 7", ["card-number", "digits"])).toBe("**************** and *");
    expect(masked("1234567@x.org", ["phone", "email"])).toBe("*************");
  });

  test("time is linear in the text", () => {
    const times = ["1", "@", "a@", "1 ", "4111111111111111 ", "\u{1f600}"].map((part) => {
      const text = part.repeat(400_000 / part.length);
      const started = Date.now();
      masked(
        text,
        MASKS.filter((mask) => mask !== "all"),
      );
      return Date.now() - started;
    });
    expect(Math.max(...times)).toBeLessThan(5_000);
  });

  const anyText = fc
    .array(
      fc.constantFrom(
        "4111111111111111",
        "411",
        "1",
        "1",
        "1",
        " ",
        "-",
        ".",
        "@",
        "a",
        "a@b",
        "x.org",
        "é",
        "\u{1f600}",
        "+49",
      ),
    )
    .map((parts) => parts.join(""));
  const anyMasks = fc.subarray([...MASKS]);

  prop.prop([anyText, anyMasks])("keep the length, hide no less together than alone, and are stable", (text, masks) => {
    const out = masked(text, masks);
    expect(out.length).toBe(text.length);
    for (const mask of masks) {
      const alone = masked(text, [mask]);
      for (let at = 0; at < text.length; at++) expect(out[at] === "*" || alone[at] === text[at]).toBe(true);
    }
    expect(masked(out, masks)).toBe(out);
  });

  prop.prop([anyText, anyMasks, fc.nat(40)])("what is masked and then cut is masked", (text, masks, length) => {
    const cut = masked(text, masks).slice(0, length);
    expect(masked(cut, masks)).toBe(cut);
  });
});

describe("edits", () => {
  const arg = (name: string, type: Argument["type"], also: string[] = [], part?: "size"): Argument => ({
    name,
    type,
    also,
    optional: false,
    source: { at: 0, fields: ["to"], part },
  });
  const [text, size] = [arg("text", "text", ["to.text"]), arg("size", "int", ["text.size"], "size")];
  const n: Argument = { name: "n", type: "int", optional: true, source: { at: 1, fields: [] } };
  const op: Operation = { ...r.operation("mail.send", 0, []), takes: [text, size, n] };
  const byName = (name: string, argument: Argument) => ({ name, type: argument.type, of: new Map([[op, argument]]) });
  const policy: RPolicy = r.policyOf("p", "allow", [op], []);
  const decisionOf = (rules: readonly (readonly REdit[])[]): Decision => ({
    granted: true,
    refusal: undefined,
    obligations: rules.map((edits) => ({
      policy,
      rule: { ...r.rule({ kind: "change", edits }, [r.pattern([op])]), index: 0 },
    })),
    wait: 0,
  });
  const eventOf = (value: string, more: { [name: string]: number } = {}): PolicyEvent =>
    r.event(op, { text: value, "to.text": value, size: value.length, "text.size": value.length, ...more });

  test("an edit under one name is seen under all, and in what follows from the argument", () => {
    for (const name of ["text", "to.text"]) {
      const { event } = edit(decisionOf([[r.first(byName(name, text), 2)]]), eventOf("abcd"));
      expect(Object.fromEntries(event.data)).toEqual({ text: "ab", "to.text": "ab", size: 2, "text.size": 2 });
    }
    const { event } = edit(decisionOf([[r.becomes(byName("text", text), "é")]]), eventOf("abcd"));
    expect(event.data.get("size")).toBe(2);
  });

  test("edits under two names of one argument are edits of one argument", () => {
    const two = [[r.becomes(byName("text", text), "a")], [r.becomes(byName("to.text", text), "b")]];
    expect(edit(decisionOf(two), eventOf("x")).clash).toBeDefined();
  });

  test("what follows from another argument cannot be edited, so the call is refused", () => {
    expect(edit(decisionOf([[r.atMost(byName("size", size), 2)]]), eventOf("abcd")).clash).toBeDefined();
  });

  test("first cuts no character in two", () => {
    const { event } = edit(decisionOf([[r.first(byName("text", text), 2)]]), eventOf("a\u{1f600}"));
    expect(event.data.get("text")).toBe("a");
  });

  test("what changes nothing gives the same event, and names no rule", () => {
    const given = eventOf("ab", { n: 1 });
    const edited = edit(decisionOf([[r.first(byName("text", text), 2), r.atMost(byName("n", n), 1)]]), given);
    expect(edited.event).toBe(given);
    expect(edited.by).toBe(undefined);
  });

  const anyEdit: fc.Arbitrary<REdit> = fc.oneof(
    fc.nat(8).map((most) => r.atMost(byName("n", n), most)),
    fc.nat(8).map((length) => r.first(byName("text", text), length)),
    fc.constantFrom(...MASKS).map((mask) => r.masks(byName("to.text", text), mask)),
  );
  const anyBecoming = fc.constantFrom("7", "a@b.c").map((value) => r.becomes(byName("text", text), value));
  const anyRules = fc.array(fc.array(fc.oneof({ weight: 6, arbitrary: anyEdit }, anyBecoming), { maxLength: 3 }), {
    maxLength: 4,
  });
  const anyEvent = fc
    .tuple(fc.constantFrom("", "ab 4111111111111111", "a@b.c 12"), fc.option(fc.nat(9), { nil: undefined }))
    .map(([value, n]) => eventOf(value, n === undefined ? {} : { n }));
  const outcome = ({ event, clash }: ReturnType<typeof edit>) =>
    clash === undefined ? Object.fromEntries(event.data) : "clash";

  prop.prop([anyRules, anyEvent, fc.infiniteStream(fc.nat(99))])("merged edits commute", (rules, event, order) => {
    const shuffled = rules
      .map((rule) => ({ rule: rule.map((one) => ({ one, at: order.next().value })), at: order.next().value }))
      .sort((a, b) => a.at - b.at)
      .map(({ rule }) => [...rule].sort((a, b) => a.at - b.at).map(({ one }) => one));
    expect(outcome(edit(decisionOf(shuffled), event))).toEqual(outcome(edit(decisionOf(rules), event)));
    expect(outcome(edit(decisionOf([shuffled.flat()]), event))).toEqual(outcome(edit(decisionOf(rules), event)));
  });

  prop.prop([fc.array(fc.array(anyEdit, { maxLength: 3 }), { maxLength: 4 }), anyEvent])(
    "edits that narrow are stable: done once more they change nothing",
    (rules, event) => {
      const once = edit(decisionOf(rules), event);
      expect(edit(decisionOf(rules), once.event).by).toBe(undefined);
    },
  );
});
