// Tables that are not in a sandbox's memory until it needs them: it gets what the engine would have given, in a guest
// that has needed nothing yet. The oracle is the engine's binary as npm ships it.
import { describe, expect, test } from "vitest";
import { startShipped } from "./engine.build.ts";
import { FROZEN, POINTED } from "./frozen.build.ts";
import { fresh } from "./testing/fresh.build.ts";
import { evaluate } from "./testing/shipped.build.ts";

/** What the shipped engine makes of a program whose value is text. */
const shipped = (source: string): string => evaluate(startShipped(), source);

const EACH = `
  let hash = 0;
  const note = (s) => { for (let i = 0; i < s.length; i++) hash = (hash * 31 + s.charCodeAt(i)) | 0 };
  const each = (step, fn) => { for (let c = 0; c < 0x110000; c += step) if (c < 0xd800 || c > 0xdfff) fn(String.fromCodePoint(c)) };
`;
const all = (step: number, expression: string) => `${EACH} each(${step}, (c) => note(${expression})); String(hash)`;
const letters =
  "let s = ''; for (let c = 1; c < 0x30000; c += 3) if (c < 0xd800 || c > 0xdfff) s += String.fromCodePoint(c);";
const classes = (names: string) =>
  `${letters} ${JSON.stringify(names.split(" "))}.map((n) => n + (s.match(new RegExp("\\\\p{" + n + "}", "gu")) ?? []).length).join()`;
const numbers =
  "[0, 1e-9, 0.1, 0.5, 0.7, 1, 1.5, 2, 3.3, 10, 31.4, 100.25, 1e5, 1e10, 1e22, 1e300, -0.3, -2, NaN, Infinity]";
const maths = (names: string) =>
  `${numbers}.map((x) => ${JSON.stringify(names.split(" "))}.map((n) => Math[n](x, 1.7))).flat().join()`;

const PROGRAMS = {
  "upper case": all(1, "c.toUpperCase()"),
  "lower case": all(1, "c.toLowerCase()"),
  "a word with a final sigma": "'ΌΔΥΣΣΕΎΣ ΣΊΣΥΦΟΣ'.toLowerCase() + 'ﬃ ß ŉ'.toUpperCase() + 'İI'.toLocaleLowerCase()",
  NFC: all(3, "c.normalize()"),
  NFD: all(3, "c.normalize('NFD')"),
  NFKC: all(3, "(c + '\u0301').normalize('NFKC')"),
  NFKD: all(3, "c.normalize('NFKD')"),
  comparison: "['é', 'e\\u0301', 'z', 'Ω'].map((a) => ['é', 'z', 'Ω'].map((b) => a.localeCompare(b))).flat().join()",
  "general categories": classes("L Lu Ll Lt Lm Lo M Mn Mc N Nd Nl No P Pc Pd S Sm Sc Z Zs C Cc Cf Cn Any Assigned LC"),
  scripts: classes(
    "Script=Latin sc=Greek scx=Cyrillic scx=Deva Script_Extensions=Han sc=Hira scx=Arab sc=Zyyy sc=Zinh sc=Thai",
  ),
  properties: classes(
    "Alphabetic ASCII_Hex_Digit Bidi_Mirrored Cased Case_Ignorable Changes_When_Lowercased Dash Emoji Emoji_Presentation Extended_Pictographic Hex_Digit ID_Start ID_Continue Ideographic Lowercase Math Uppercase White_Space XID_Start Grapheme_Base Default_Ignorable_Code_Point Diacritic",
  ),
  "sequences of emoji":
    "['👨‍👩‍👧', '🇩🇪', '1️⃣', 'a'].map((e) => ['RGI_Emoji', 'Basic_Emoji', 'RGI_Emoji_Flag_Sequence'].map((n) => new RegExp('^\\\\p{' + n + '}$', 'v').test(e))).flat().join()",
  "classes of any case": `${letters} [/[à-ÿ]/giu, /[^\\w]/giu, /\\W/gi, /ſ|K/giu, /[α-ω]/gi, /[[a-z]--[aeiou]]/giv].map((r) => (s.match(r) ?? []).length).join()`,
  "white space in a class": all(1, "/[\\s]/.test(c) + '' + /[^\\s]/.test(c) + /[\\w\\d]/.test(c) + /[\\S]/iu.test(c)"),
  "white space": all(1, "(c + 'x' + c).trim() + /\\s/.test(c)"),
  "words and their bounds": "'naïve café_1 — x'.replace(/\\b\\w+\\b/g, (w) => w.length) + /^.$/su.test('😀')",
  "names that are not ASCII": `${EACH} each(487, (c) => { try { new Function("var " + c); note(c) } catch {} try { new Function("var a" + c); note(c + 'a') } catch {} }); String(hash)`,
  "names of groups": "'ab'.replace(/(?<ünïcode>a)(?<𝒜>b)/u, '$<𝒜>$<ünïcode>')",
  sines: maths("sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh"),
  logarithms: maths("log log2 log10 log1p exp expm1 pow atan2 hypot cbrt sqrt fround f16round clz32 trunc round"),
  powers: `${numbers}.map((x) => [x ** 0.5, x ** -3, 2 ** x, (-x) ** 3]).flat().join()`,
  "one sine": "String(Math.sin(1e22))",
  "one power": "let x = 1.1; x **= 7.5; String(x)",
  "numbers as text": `${numbers}.map((x) => [x.toString(7), x.toFixed(3), x.toExponential(4), x.toPrecision(5), JSON.stringify(x)]).flat().join()`,
  "text as numbers":
    "['1e308', '0x1f', '1_0', ' 12.5e-3 ', '0b101', '.5', '1e', 'Infinity'].map((t) => [Number(t), parseFloat(t), parseInt(t, 36)]).flat().join()",
  "large numbers": "String(3n ** 500n) + BigInt('0x' + 'f'.repeat(100)) + BigInt.asUintN(70, -1n)",
  dates:
    "[new Date(0), new Date(8.64e15), new Date('2024-02-29T12:00:00Z'), new Date(Date.UTC(1900, 1, 28))].map((d) => d.toISOString() + d.toUTCString()).join() + Date.parse('Tue, 5 Nov 2019 10:00:00 GMT')",
  "words of errors":
    "['null.x', 'x.y', 'new 5', '(', 'let a; let a', '1n + 1', '[].at.call(null)', \"'a'.repeat(-1)\", 'Symbol() + 1', 'JSON.parse(\"{\")'].map((s) => { try { return eval(s) } catch (e) { return String(e) } }).join()",
  iterators:
    "[typeof Array.fromAsync, Iterator.from([1, 2, 3]).map((x) => x * 2).toArray(), typeof Iterator.concat, typeof Iterator.zip].join() + (Iterator.zip ? [...Iterator.zip([[1, 2], [3, 4]])].join() + JSON.stringify([...Iterator.zipKeyed({ a: [1], b: [2] })]) : '') + (Iterator.concat ? [...Iterator.concat([1], [2])].join() : '')",
};

describe("tables that are not in memory", () => {
  test.each(Object.entries(PROGRAMS))("%s", async (_, source) => {
    const host = await fresh();
    expect(await host.run(source, { kind: "script" })).toEqual({ value: shipped(source) });
  });

  test("Array.fromAsync", async () => {
    const host = await fresh();
    expect(await host.run("return await Array.fromAsync([1, Promise.resolve(2)], (x) => x * 2)")).toEqual({
      value: [2, 4],
    });
  });

  test("they are no part of a guest's memory before it needs them, nor while it does other things", async () => {
    const host = await fresh();
    const written = () =>
      FROZEN.filter(([from, to]) =>
        new Uint8Array(host.memory.buffer, from, to - from).some(
          (byte, i) => byte !== 0 && (from + i < POINTED[0] || from + i >= POINTED[1]),
        ),
      ).length;
    await host.run(
      "console.log('plain'.toUpperCase(), /a+/.test('aa'), [3, 1].sort(), JSON.stringify({ a: 1.5 }), 2 ** 3)",
    );
    expect(written()).toBeLessThanOrEqual(1);
    await host.run("'É'.normalize('NFD').toLowerCase() + Math.sin(1)");
    expect(written()).toBeGreaterThanOrEqual(2);
  });
});
