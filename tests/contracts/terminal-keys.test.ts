// Keys, from what terminals type: "XTerm Control Sequences" by E. Moy, S. Gildea and T. Dickey, "PC-Style Function Keys".
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Key, newKeyReader } from "../../policy-libs/terminal/keys.ts";

/** "ctrl+alt+up", or "A=a+shift" for a key with a text of its own. */
function show({ name, text, ctrl, alt, shift }: Key): string {
  const held = [ctrl && "ctrl", alt && "alt", shift && "shift"].filter((word) => word !== false);
  return [...held, text === name || text === "" ? name : `${name}=${JSON.stringify(text)}`].join("+");
}

function keysOf(...pieces: string[]): string[] {
  const reader = newKeyReader();
  return [...pieces.flatMap(reader.feed), ...reader.flush()].map(show);
}

describe("keys", () => {
  test.for<[string, string[]]>([
    ["aZ9é😀", ["a", 'shift+z="Z"', "9", "é", "😀"]],
    [" ", ['space=" "']],
    ["\r\n\t\x7f\b", ['enter="\\n"', 'enter="\\n"', 'tab="\\t"', "backspace", "backspace"]],
    ["\x01\x03\x1a\0\x1c\x1f", ["ctrl+a", "ctrl+c", "ctrl+z", "ctrl+space", "ctrl+\\", "ctrl+_"]],
    ["\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", ["up", "down", "right", "left", "home", "end"]],
    ["\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF\x1bOM", ["up", "down", "right", "left", "home", "end", 'enter="\\n"']],
    ["\x1bOP\x1bOQ\x1bOR\x1bOS\x1b[15~\x1b[17~\x1b[21~\x1b[24~", ["f1", "f2", "f3", "f4", "f5", "f6", "f10", "f12"]],
    ["\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~", ["home", "insert", "delete", "end", "pageup", "pagedown"]],
    ["\x1b[1;2A\x1b[1;3A\x1b[1;5A\x1b[1;8A\x1b[1;9A", ["shift+up", "alt+up", "ctrl+up", "ctrl+alt+shift+up", "alt+up"]],
    ["\x1b[3;5~\x1b[1;2P\x1b[Z", ["ctrl+delete", "shift+f1", "shift+tab"]],
    ["\x1b", ["escape"]],
    ["\x1b\x1b", ["escape", "escape"]],
    [
      "\x1ba\x1bZ\x1bé\x1b\x7f\x1b\r\x1b\x03",
      ["alt+a", 'alt+shift+z="Z"', "alt+é", "alt+backspace", 'alt+enter="\\n"', "ctrl+alt+c"],
    ],
    ["\x1b]\x1bP\x1b\\", ["alt+]", 'alt+shift+p="P"', "alt+\\"]],
    ["\x1b[", ["alt+["]],
    ["\x1bO", ['alt+shift+o="O"']],
    ["\x1b/", ["alt+/"]],
    ["\x1b\x1b[A\x1b\x1bOA", ["alt+up", "alt+up"]],
    ["\x1b[200~x\x1b[201~", ["paste-begin", "x", "paste-end"]],
    ["\x1b[99~\x1b[1u\x1b[?1;2c\x1bOj", ["unknown", "unknown", "unknown", "unknown"]],
    ["\x9bA", ["up"]],
  ])("%j are %j", ([typed, keys]) => {
    expect(keysOf(typed)).toEqual(keys);
    expect(keysOf(...Array.from(typed))).toEqual(keys);
  });

  test("that are begun are known to be, so that Escape can be told from them by time", () => {
    const reader = newKeyReader();
    for (const begun of ["\x1b", "\x1b[", "\x1b[1;", "\x1bO", "\x1b\x1b", "\ud83d"]) {
      reader.feed(begun);
      expect(reader.isBegun(), JSON.stringify(begun)).toBe(true);
      reader.flush();
      expect(reader.isBegun()).toBe(false);
    }
    for (const whole of ["a", "\x1b[A", "\x1ba", "\x1bOA", "\x03"]) {
      reader.feed(whole);
      expect(reader.isBegun(), JSON.stringify(whole)).toBe(false);
    }
  });

  test("are the same whatever pieces they come in, are of bounded length, and lose no text", () => {
    const part = fc.constantFrom(
      "\x1b",
      "[",
      "O",
      "A",
      "1",
      ";",
      "5",
      "~",
      "a",
      "é",
      "\x03",
      "\x7f",
      "\x9b",
      "😀",
      "\0",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 25 }), (parts) => {
        const typed = parts.join("");
        const keys = keysOf(typed);
        expect(keysOf(...parts)).toEqual(keys);
        expect(keys.length).toBeLessThanOrEqual(typed.length);
      }),
      { numRuns: 2_000 },
    );
    const reader = newKeyReader();
    reader.feed(`\x1b[${"1".repeat(1_000_000)}`);
    expect(reader.flush().length).toBeLessThan(100);
  });
});
