// Places, suggestions and how a diagnostic is shown.
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diagnose, didYouMean, render, suggest } from "../../policy-libs/policy/diagnostic.ts";
import { lineStarts, placer, positionOf } from "../../policy-libs/policy/lines.ts";

const seed = Number(process.env["CORDON_SEED"] ?? 1);

describe("a diagnostic", () => {
  const at = placer("acme.policy", "one\ntwo net.sned\n")({ from: 8, to: 16 });

  test("is one line, as the specification shows it", () => {
    const told = diagnose("P104", at, 'unknown call "net.sned"', 'Did you mean "net.send"?');
    expect(render(told)).toBe('acme.policy:2:5 P104 unknown call "net.sned". Did you mean "net.send"?');
    expect(told.severity).toBe("error");
    expect(diagnose("P201", at, "x").severity).toBe("warning");
    expect(render(diagnose("P201", at, "never decides"))).toBe("acme.policy:2:5 P201 never decides");
  });

  test("drives no terminal, whatever it is about", () => {
    const told = diagnose("P104", { ...at, file: "a\u001b[2J\n.policy" }, "\u202e\ud800\u2028", "\r");
    expect(render(told)).toBe("a\\u{1b}[2J\\n.policy:2:5 P104 \\u{202e}\\u{d800}\\u{2028}. \\u{d}");
  });
});

describe("places", () => {
  test("count from 1, in UTF-16 units; a line ends with LF", () => {
    const text = "a\r\n😀b\n\n\tc";
    const of = (what: string): unknown => positionOf(lineStarts(text), text.indexOf(what));
    expect([of("a"), of("b"), of("c")]).toEqual([
      { line: 1, column: 1 },
      { line: 2, column: 3 },
      { line: 4, column: 2 },
    ]);
    expect(positionOf(lineStarts(text), text.length)).toEqual({ line: 4, column: 3 });
    expect(positionOf(lineStarts(""), 0)).toEqual({ line: 1, column: 1 });
  });

  property.prop([fc.array(fc.constantFrom("a", "\n", "\r", "😀")), fc.nat(60)], { seed })(
    "are what counting line ends from the beginning gives",
    (parts, drawn) => {
      const text = parts.join("");
      const offset = Math.min(drawn, text.length);
      const before = text.slice(0, offset).split("\n");
      expect(positionOf(lineStarts(text), offset)).toEqual({
        line: before.length,
        column: (before.at(-1) as string).length + 1,
      });
    },
  );
});

describe("suggestions", () => {
  const calls = ["net.send", "net.connect", "files.read", "files.readText", "dns.resolve"];

  test.for([
    ["net.sned", "net.send"],
    ["net.snd", "net.send"],
    ["nett.send", "net.send"],
    ["NET.SEND", "net.send"],
    ["files.reed", "files.read"],
    ["files.readtxt", "files.readText"],
    ["host", undefined],
    ["payments.charge", undefined],
    ["", undefined],
  ] as const)("for %s: %s", ([name, meant]) => {
    expect(suggest(name, calls)).toBe(meant);
    expect(didYouMean(name, calls)).toBe(meant === undefined ? "" : `Did you mean "${meant}"?`);
  });

  test("are nothing wholly different, nor the name itself, and cost nothing for long names", () => {
    expect(suggest("w", ["x", "y"])).toBeUndefined();
    expect(suggest("send", ["send"])).toBeUndefined();
    expect(suggest("hots", ["most", "host"])).toBe("host");
    expect(suggest("a".repeat(100_000), ["a".repeat(100_001)])).toBeUndefined();
  });
});
