import { describe, expect, test } from "vitest";
import { codeFrame } from "../../embed/cli/frame.ts";
import { positionOf, printError, printValue } from "../../embed/cli/print.ts";
import { escapeControls, painter, type Screen, screenOf, withProgress } from "../../embed/cli/terminal.ts";

function fakeScreen(isTerminal: boolean, hasColors = isTerminal): Screen & { text(): string } {
  let said = "";
  const write = (text: string): void => {
    said += text;
  };
  return { isTerminal, hasColors, write, text: () => said };
}
const plain = painter(fakeScreen(false));
const ATTACK = "\x1b]0;owned\x07\x1b[2J\r\x9b31mred\u202eevil\x7f";

describe("what a terminal is shown", () => {
  test("no character that drives it, or hides text, is left in a guest's text", () => {
    expect(escapeControls(ATTACK)).toBe("\\x1b]0;owned\\x07\\x1b[2J\\x0d\\x9b31mred\\u202eevil\\x7f");
    expect(escapeControls("tab\tline\nümläut 漢字 😀")).toBe("tab\tline\nümläut 漢字 😀");
  });

  test.each([
    [ATTACK],
    [{ [ATTACK]: ATTACK }],
    [Object.assign(new Error(ATTACK), { stack: `Error: ${ATTACK}` })],
    [[new Map([[ATTACK, 1]])]],
  ])("value %#, made to attack, does nothing", (value) => {
    const screen = fakeScreen(true);
    printValue(value, "inspect", screen);
    expect(screen.text()).not.toMatch(/[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202e]|\x1b(?!\[\d+m)/);
  });

  test("a pipe gets the guest's own bytes", () => {
    const screen = fakeScreen(false);
    printValue(ATTACK, "inspect", screen);
    expect(screen.text()).toBe(`${ATTACK}\n`);
  });

  test("colours only where the terminal has them and nobody said no", () => {
    const terminal = { isTTY: true, write: () => true, hasColors: () => true };
    expect(screenOf(terminal).hasColors).toBe(true);
    process.env["NO_COLOR"] = "1";
    expect(screenOf(terminal).hasColors).toBe(false);
    delete process.env["NO_COLOR"];
    expect(screenOf({ write: () => true, hasColors: () => true }).hasColors).toBe(false);
    const screen = fakeScreen(true);
    printValue({ a: 1 }, "inspect", screen);
    expect(screen.text()).toContain("\x1b[33m1");
  });

  test("progress is shown on a terminal once it takes a second, and wiped away", async () => {
    const slow = (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve("done"), 1_100));
    const [terminal, pipe] = [fakeScreen(true), fakeScreen(false)];
    expect(await withProgress("reading", slow, terminal)).toBe("done");
    expect(terminal.text()).toBe("\r\x1b[Kcordon: reading (1 s)\r\x1b[K");
    await withProgress("reading", slow, pipe);
    await withProgress("reading", async () => "fast", terminal);
    expect([pipe.text(), terminal.text()]).toEqual(["", "\r\x1b[Kcordon: reading (1 s)\r\x1b[K"]);
  });
});

describe("code frames", () => {
  test("show the line, two around it, and the column", () => {
    const source = "one\ntwo\nthree\nfour\nfive\nsix";
    expect(codeFrame(source, { line: 4, column: 2 }, plain)).toBe(
      "  2 | two\n  3 | three\n> 4 | four\n    |  ^\n  5 | five\n  6 | six\n",
    );
    expect(codeFrame(source, { line: 1 }, plain)).toBe("> 1 | one\n  2 | two\n  3 | three\n");
  });

  test("of a place that is not in the source are empty", () => {
    for (const line of [0, -1, 7, Number.NaN, 1e9]) expect(codeFrame("a\nb", { line }, plain)).toBe("");
  });

  test("cut long lines around the column, and escape what the line holds", () => {
    const frame = codeFrame(`${"x".repeat(500)}HERE${"y".repeat(500)}`, { line: 1, column: 501 }, plain);
    const [text = "", mark = ""] = frame.split("\n");
    expect(text.length).toBeLessThan(120);
    expect(text.slice(mark.indexOf("^"), mark.indexOf("^") + 4)).toBe("HERE");
    expect(codeFrame("a\x1b[2Jb", { line: 1, column: 6 }, plain)).toBe("> 1 | a\\x1b[2Jb\n    |         ^\n");
  });

  test("take their place from the first frame of the guest's own file", () => {
    const error = Object.assign(new Error("x"), {
      stack: "Error: x (a.js:99:99)\n    at lib (lib.js:1:1)\n    at f (dir/a.js:3:4)\n    at g (a.js:5:6)",
    });
    expect(positionOf(error, "a.js")).toEqual({ line: 5, column: 6 });
    expect(positionOf(error, "dir/a.js")).toEqual({ line: 3, column: 4 });
    expect(positionOf("no error", "a.js")).toBeUndefined();
  });

  test("an error is shown with its code, its frame and its causes", () => {
    const screen = fakeScreen(false);
    const error = Object.assign(new Error("outer", { cause: new Error("inner") }), {
      code: "E_X",
      stack: "    at a.js:1:3",
    });
    printError(error, "a.js", "let a;", screen);
    expect(screen.text()).toBe(
      "Error: outer [E_X]\n> 1 | let a;\n    |   ^\n    at a.js:1:3\n  caused by Error: inner\n",
    );
  });
});
