// What a guest may send to a terminal: sequences by ECMA-48 and by what terminals make of the others.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newFilter } from "../../policy-libs/index.ts";

const safe = (...pieces: string[]): string => pieces.map(newFilter("safe")).join("");

describe("the filter lets through", () => {
  test.for<[string, string]>([
    ["text", "Grüße, 世界 😀"],
    ["lines, tabs and backspaces", "a\r\nb\tc\b"],
    ["SGR: colours", "\x1b[m\x1b[0m\x1b[1;31mred\x1b[38;5;200m\x1b[48;2;1;2;3m\x1b[38:2::10:20:30m\x1b[4:3m"],
    ["CUU, CUD, CUF, CUB, CNL, CPL, CHA, CUP", "\x1b[A\x1b[2B\x1b[3C\x1b[4D\x1b[E\x1b[F\x1b[5G\x1b[6;7H\x1b[;7H"],
    ["HVP, VPA, HPA, HPR, VPR, CHT, CBT", "\x1b[1;1f\x1b[2d\x1b[2`\x1b[2a\x1b[2e\x1b[I\x1b[Z"],
    ["ED, EL, ECH, ICH, IL, DL, DCH, SU, SD", "\x1b[2J\x1b[K\x1b[3X\x1b[@\x1b[L\x1b[M\x1b[P\x1b[S\x1b[T"],
    ["saving and restoring the cursor, IND, NEL, RI", "\x1b7\x1b8\x1bD\x1bE\x1bM"],
    ["hiding the cursor, and the other screen", "\x1b[?25l\x1b[?25h\x1b[?1049h\x1b[?1049l"],
  ])("%s", ([, text]) => {
    expect(safe(text)).toBe(text);
    expect(safe(...text)).toBe(text);
  });

  test("numbers in their shortest form", () => {
    expect(safe("\x1b[0001;0031m\x1b[007A\x1b[000m")).toBe("\x1b[1;31m\x1b[7A\x1b[0m");
  });
});

describe("the filter takes out", () => {
  test.for<[string, string]>([
    ["titles", "\x1b]0;title\x07"],
    ["titles, ended by ST", "\x1b]2;title\x1b\\"],
    ["the clipboard", "\x1b]52;c;aGVsbG8=\x07"],
    ["links", "\x1b]8;;https://evil.example\x1b\\"],
    [
      "what writes files and shows notes in some terminals",
      "\x1b]1337;File=name=eA==:AAAA\x07\x1b]9;note\x07\x1b]777;notify;a;b\x07",
    ],
    ["DCS: DECRQSS, which makes a terminal type what it was sent", "\x1bP$q\nevil\n\x1b\\"],
    ["DCS: sixel pictures", "\x1bPq#0;2;0;0;0~~\x1b\\"],
    ["APC, PM and SOS", "\x1b_evil\x1b\\\x1b^evil\x1b\\\x1bXevil\x1b\\"],
    ["titles of screen and tmux", "\x1bktitle\x1b\\"],
    ["questions: DSR, DA, DECREQTPARM, DECRQM", "\x1b[6n\x1b[5n\x1b[?6n\x1b[c\x1b[>c\x1b[=c\x1b[x\x1b[?1$p"],
    ["windows: their size, title and state", "\x1b[21t\x1b[8;1;1t\x1b[>2t"],
    ["RIS and DECSTR", "\x1bc\x1b[!p"],
    ["modes, the mouse and pasting among them", "\x1b[4h\x1b[?1000h\x1b[?2004h\x1b[?1h\x1b[?25;1000h\x1b[?47h"],
    ["other letters", "\x1b(0\x1b)B\x1b*A\x0e\x0f\x1bn\x1bo\x1b%G\x1b#8"],
    ["printing", "\x1b[i\x1b[5i\x1b[?5i"],
    ["repeating", "a\x1b[999999b"],
    ["margins, cursor shapes, keys and LEDs", "\x1b[2;3r\x1b[2 q\x1b[>4;2m\x1b[1q\x1b=\x1b>"],
    ["numbers too large, and too many", "\x1b[99999S\x1b[10000A\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17m"],
    ["what only looks like SU, SD and the cursor", "\x1b[1;2;3;4;5T\x1b[?1S\x1b[1:2A\x1b[ A\x1b[>1T"],
    ["sequences that do not end", `\x1b[${"1;".repeat(100)}m`],
    ["controls", "\0\x01\x05\x07\x0b\x0c\x11\x13\x16\x17\x1a\x1c\x7f"],
    ["what was begun and not ended", "\x1b"],
    ["a sequence without end", "\x1b[31"],
    ["a string without end", "\x1b]0;abc\n\r\x1b[31mx"],
  ])("%s", ([, text]) => {
    const expected = text.startsWith("a") ? "a" : "";
    const got = safe(text).replace("\x1b[31mx", "");
    expect(got).toBe(expected);
    expect(safe(...text).replace("\x1b[31mx", "")).toBe(expected);
  });

  test("the same of eight bits: C1 controls in the place of ESC", () => {
    expect(safe("\x9b31mred\x9b6n\x9d0;title\x9c!\x90evil\x9c\x84\x85")).toBe("\x1b[31mred!\x1bD\x1bE");
  });

  test("halves of characters, but not characters that come in two pieces", () => {
    expect(safe("a\ud83d", "\ude00b")).toBe("a😀b");
    expect(safe("\ud83dx\ude00")).toBe("\ufffdx\ufffd");
  });
});

describe("the filter reads as terminals do", () => {
  test("CAN and SUB end a sequence, ESC begins another in the middle of it", () => {
    expect(safe("\x1b[31\x18m\x1b[31\x1am")).toBe("mm");
    expect(safe("\x1b[31\x1b[32mx")).toBe("\x1b[32mx");
    expect(safe("\x1b]0;title\x1b[32mx")).toBe("\x1b[32mx");
    expect(safe("\x1b]0;title\x18x")).toBe("x");
  });

  test("a letter outside ASCII ends a sequence, and is shown", () => {
    expect(safe("\x1b[31é\x1bé")).toBe("éé");
  });
});

const parts = fc.oneof(
  fc.constantFrom(
    "\x1b",
    "\x1b[",
    "\x1b]",
    "\x1bP",
    "\x1b\\",
    "\x07",
    "\x9b",
    "\x9c",
    "\x9d",
    "\x18",
    "?",
    ";",
    ":",
    "m",
  ),
  fc.constantFrom(
    "31",
    "0",
    "99999",
    "A",
    "H",
    "h",
    "l",
    "n",
    "c",
    "t",
    "q",
    " ",
    "$",
    "!",
    ">",
    "25",
    "1049",
    "\n",
    "\ud83d",
    "é",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const anyText = fc.array(parts, { maxLength: 30 }).map((all) => all.join(""));
/** What may come out, written down a second time. */
const ALLOWED =
  /^(?:[^\0-\x1f\x7f-\x9f]|[\b\t\n\r]|\x1b[78DEM]|\x1b\[\?(?:25|1049)[hl]|\x1b\[[\d;]{0,80}[A-HdfaeIZJKXm`]|\x1b\[\d{0,4}[@LMPST]|\x1b\[[\d;:]{0,80}m)*$/u;

describe("whatever a guest writes", () => {
  test("only whole sequences of the list come out", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(safe(text)).toMatch(ALLOWED);
      }),
      { numRuns: 2_000 },
    );
  });

  test("the same comes out whatever pieces it is written in", () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 6 }), (pieces) => {
        expect(safe(...pieces)).toBe(safe(pieces.join("")));
        expect(safe(...pieces.join("").split(""))).toBe(safe(pieces.join("")));
      }),
      { numRuns: 1_000 },
    );
  });

  test("what came out comes out again as it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(safe(safe(text))).toBe(safe(text));
      }),
    );
  });

  test("nothing is kept of a string that does not end, and nothing takes long", () => {
    const filter = newFilter("safe");
    filter("\x1b]0;");
    const piece = "x".repeat(1_000_000);
    const start = performance.now();
    for (let i = 0; i < 5; i++) expect(filter(piece)).toBe("");
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(filter("\x07end")).toBe("end");
  });
});

describe("a filter of another kind", () => {
  test('"none" lets no sequence through, "all" lets everything', () => {
    const text = "a\x1b[31mb\x1b]0;t\x07c\x1b7\r\n";
    expect(newFilter("none")(text)).toBe("abc\r\n");
    expect(newFilter("all")(text)).toBe(text);
  });
});
