// The screen in memory, by ECMA-48 section 8.3 and by what xterm does at the edges.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newScreen } from "../../policy-libs/terminal/screen.ts";

function screenOf(text: string, columns = 8, rows = 3) {
  const screen = newScreen({ columns, rows });
  screen.write(text);
  return screen;
}
const linesOf = (text: string): string[] => screenOf(text).lines();
const FULL = "abcdefgh\r\nijklmnop\r\nqrstuvwx";

describe("the screen", () => {
  test.for<[string, string, string[]]>([
    ["goes on in the next line at the edge", "abcdefghij", ["abcdefgh", "ij", ""]],
    ["waits with that for the next character", "abcdefgh\rX", ["Xbcdefgh", "", ""]],
    ["moves up when it is full", "1\n2\n3\n4", ["2", "3", "4"]],
    ["stops tabs at every eighth column, and at the edge", "\tx", ["       x", "", ""]],
    ["goes back over what was written", "abc\b\bX", ["aXc", "", ""]],
    ["CUP and HVP: row and column from 1, 1 if absent", "\x1b[2;3Hx\x1b[fy\x1b[;8Hz", ["y      z", "  x", ""]],
    ["CUU, CUD, CUF, CUB stop at the edges", "\x1b[9B\x1b[9Cx\x1b[99A\x1b[99Dy", ["y", "", "       x"]],
    ["CNL, CPL, CHA, VPA", "ab\x1b[Ec\x1b[Fd\x1b[5Ge\x1b[3df", ["db  e", "c", "     f"]],
    ["ED 0, to the end", `${FULL}\x1b[2;4H\x1b[J`, ["abcdefgh", "ijk", ""]],
    ["ED 1, from the beginning", `${FULL}\x1b[2;4H\x1b[1J`, ["", "    mnop", "qrstuvwx"]],
    ["ED 2, all", `${FULL}\x1b[2J`, ["", "", ""]],
    ["EL 0, 1 and 2", `${FULL}\x1b[1;4H\x1b[K\x1b[2;4H\x1b[1K\x1b[3H\x1b[2K`, ["abc", "    mnop", ""]],
    ["ECH", `${FULL}\x1b[1;3H\x1b[2X`, ["ab  efgh", "ijklmnop", "qrstuvwx"]],
    ["ICH and DCH", `${FULL}\x1b[1;3H\x1b[2@\x1b[2;3H\x1b[2P`, ["ab  cdef", "ijmnop", "qrstuvwx"]],
    ["IL and DL", `${FULL}\x1b[2H\x1b[L\x1b[1H\x1b[M`, ["", "ijklmnop", ""]],
    ["SU and SD", `${FULL}\x1b[S`, ["ijklmnop", "qrstuvwx", ""]],
    ["SD", `${FULL}\x1b[2T`, ["", "", "abcdefgh"]],
    ["RI at the top, IND at the bottom", `${FULL}\x1b[H\x1bMx\x1b[3H\x1bDy`, ["abcdefgh", "ijklmnop", "y"]],
    ["DECSC and DECRC", "ab\x1b7\x1b[3Hx\x1b8c", ["abc", "", "x"]],
    ["SGR changes no letter", "\x1b[1;31mab\x1b[0mc", ["abc", "", ""]],
    ["wide letters take two columns, and go together", "世界\x1b[1;2Hx", [" x界", "", ""]],
    ["a wide letter does not stand half at the edge", "abcdefg世", ["abcdefg", "世", ""]],
    ["marks go with the letter before them", "e\u0301x\b\bf", ["fx", "", ""]],
  ])("%s", ([, text, lines]) => {
    expect(linesOf(text)).toEqual(lines);
  });

  test("keeps the first screen while the other one shows", () => {
    const screen = screenOf("shell\x1b[?1049h\x1b[Hgame");
    expect(screen.lines()).toEqual(["game", "", ""]);
    screen.write("\x1b[?1049l$");
    expect(screen.lines()).toEqual(["shell$", "", ""]);
  });

  test("keeps the upper left corner when its size changes", () => {
    const screen = screenOf(FULL);
    screen.resize({ columns: 4, rows: 2 });
    expect(screen.lines()).toEqual(["abcd", "ijkl"]);
    expect(screen.cursor()).toEqual({ row: 1, column: 3 });
    screen.resize({ columns: 6, rows: 3 });
    expect(screen.lines()).toEqual(["abcd", "ijkl", ""]);
  });

  test("has all its cells and its cursor in itself, whatever is written and however its size changes", () => {
    const part = fc.oneof(
      fc.constantFrom(
        "\x1b[",
        "\x1b",
        "9999",
        "3",
        ";",
        "世",
        "e\u0301",
        "\n",
        "\r",
        "\b",
        "\t",
        "\x1b[?1049h",
        "\x1b[?1049l",
      ),
      fc.constantFrom(..."ABCDEFGHIJKLMPSTXZ@dae`fm78"),
      fc.record({ columns: fc.integer({ min: 1, max: 9 }), rows: fc.integer({ min: 1, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        let size = { columns: 5, rows: 4 };
        const screen = newScreen(size);
        for (const one of parts) {
          if (typeof one === "string") screen.write(one);
          else {
            size = one;
            screen.resize(one);
          }
        }
        const { row, column } = screen.cursor();
        expect(screen.lines().length).toBe(size.rows);
        expect(row >= 0 && row < size.rows && column >= 0 && column < size.columns).toBe(true);
        for (const line of screen.lines()) {
          const width = [...line.replace(/\p{Mn}/gu, "")].reduce((sum, c) => sum + (c === "世" ? 2 : 1), 0);
          expect(width).toBeLessThanOrEqual(size.columns);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
