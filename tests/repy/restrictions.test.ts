// Restrictions files are read as RepyV2 reads them (section 3.1 of the reference).
import { describe, expect, test } from "vitest";
import { guestModule } from "./guest.ts";
import { profileText } from "./harness.ts";

const { parseRestrictions } = await guestModule<{
  parseRestrictions(text: string): Map<string, number | Set<number>>;
}>("restrictions.js");

const NEEDED = "resource cpu .5\nresource memory 1000\nresource diskused 2000\n";

describe("restrictions", () => {
  test.for(["DEFAULT", "FIXED", "TWOPORTS", "THREEPORTS", "WIDENET", "FILE10K"])("profile %s has all 17", (name) => {
    expect([...parseRestrictions(profileText(name)).keys()]).toHaveLength(17);
  });

  test("what is not named is 0, and a set of ports is empty", () => {
    const limits = parseRestrictions(NEEDED);
    expect(limits.get("events")).toBe(0);
    expect(limits.get("connport")).toEqual(new Set());
    expect(limits.get("cpu")).toBe(0.5);
  });

  test("comments, blank lines, calls and the ends of lines of all systems are taken", () => {
    const text = `# head\r\n\r\n  resource   cpu\t1 # tail\rresource memory 5\ncall log allow\ncall \nresource diskused 7`;
    const limits = parseRestrictions(text);
    expect([limits.get("cpu"), limits.get("memory"), limits.get("diskused")]).toEqual([1, 5, 7]);
  });

  test("ports may be repeated, and nothing else", () => {
    const limits = parseRestrictions(`${NEEDED}resource connport 80\nresource connport 81\nresource connport 80\n`);
    expect(limits.get("connport")).toEqual(new Set([80, 81]));
    expect(() => parseRestrictions(`${NEEDED}resource events 1\nresource events 1`)).toThrow(
      expect.objectContaining({ name: "ResourceParseError", line: 5 }),
    );
  });

  test("renewable values are floats, all others integers (repy_v2#59)", () => {
    expect(parseRestrictions(`${NEEDED}resource netsend 1.5e3`).get("netsend")).toBe(1500);
    expect(() => parseRestrictions(`${NEEDED}resource events 1.5`)).toThrow(/^line 4: /);
  });

  test.for([
    ["an unknown resource", "resource spam 1"],
    ["too few words", "resource events"],
    ["too many words", "resource events 1 2"],
    ["a bad number", "resource events many"],
    ["no number", "resource netsend NaN"],
    ["an infinite number", "resource netsend Infinity"],
    ["a number in hexadecimal", "resource events 0x10"],
    ["a number below zero", "resource events -1"],
    ["a number beyond what is exact", "resource memory2 99999999999999999999".replace("memory2", "filesopened")],
    ["another first word", "limit events 1"],
    ["a name of JavaScript", "resource constructor 1"],
    ["port 0", "resource connport 0"],
    ["port 65536", "resource messport 65536"],
  ] as const)("a ResourceParseError names the line: %s", ([, line]) => {
    const expected = expect.objectContaining({ name: "ResourceParseError", code: "E_RESOURCE_PARSE", line: 4 });
    expect(() => parseRestrictions(`${NEEDED}${line}\n`)).toThrow(expected);
  });

  test.for(["cpu", "memory", "diskused"])("%s must be given", (name) => {
    const text = NEEDED.split("\n").filter((line) => !line.includes(name));
    const expected = expect.objectContaining({ name: "ResourceMathError", code: "E_RESOURCE_MATH" });
    expect(() => parseRestrictions(text.join("\n"))).toThrow(expected);
  });
});
