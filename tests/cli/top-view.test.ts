// What `cordon top` draws of tenants and domains, and what keys make of it.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { bodyOf } from "../../embed/cli/top/body.ts";
import { type Look, newLook, SORTS, VIEWS } from "../../embed/cli/top/look.ts";
import { press } from "../../embed/cli/top/moves.ts";
import type { Stats } from "../../embed/cli/top/rows.ts";
import { clip, pad, widthOf } from "../../embed/cli/top/text.ts";
import { frameOf, view } from "../../embed/cli/top/view.ts";
import { domain, plain, stats, tenant } from "./top-world.ts";

const names = (of: Stats, look: Look): string[] => bodyOf(of, look).map(({ key }) => key);
const pressed = (of: Stats, look: Look, ...keys: string[]): Look =>
  keys.reduce((at, key) => press(at, key, of, 5), look);

const two = stats(
  [tenant("a", 1, 0, 3), tenant("b", 9, 0, 2)],
  [domain(1, "a", 5), domain(2, "b", 1), domain(3, "a", 7), domain(4, "a"), domain(5, "b", 8, { state: "running" })],
);

describe("tenants with their domains below them", () => {
  test("each has its own, the busiest first", () => {
    expect(names(two, newLook())).toEqual(["t b", "d 5", "d 2", "t a", "d 3", "d 1", "d 4"]);
    expect(names(two, newLook("memory"))).toEqual(["t a", "d 1", "d 3", "d 4", "t b", "d 2", "d 5"]);
    expect(names(two, newLook("name"))).toEqual(["t a", "d 1", "d 3", "d 4", "t b", "d 2", "d 5"]);
    expect(names(two, newLook("running", "domains"))).toEqual(["d 5", "d 1", "d 2", "d 3", "d 4"]);
    expect(names(two, newLook("fuel", "tenants"))).toEqual(["t b", "t a"]);
  });

  test("a domain is told of with all that there is to know of it", () => {
    const used = { fuel: 2_000_000, memory: 3 * 2 ** 20, calls: 1_500, domains: 4 };
    const row = domain(17, "a", 0, { name: "report", where: "worker 2", state: "parked", used });
    const of = stats([tenant("a", 1)], [{ ...row, perSecond: { fuel: 4e9, calls: 250 } }]);
    const line = view(of, newLook(), plain).at(-1);
    expect(line?.trim().split(/ {2,}| (?=\d)/)).toEqual([
      "17 report",
      "parked",
      "worker",
      "2",
      "4.0G",
      "3.0 MiB",
      "250",
      "2.0M",
      "1.5k",
      "00:01:01",
      "4",
    ]);
  });

  test("no more than were asked for have a line, and what has none is counted", () => {
    const many = Array.from({ length: 40 }, (_, i) => domain(i, "a", i));
    const of = stats([tenant("a", 1, 0, 5_000)], many);
    const text = (look: Look): string => view(of, look, plain).join("\n");
    expect(names(of, newLook())).toHaveLength(1 + 10 + 1);
    expect(text(newLook())).toContain("… and 4,990 more domains");
    expect(text(newLook("fuel", "tree", 39))).toContain("… and 4,961 more domains");
    expect(names(of, newLook("fuel", "domains"))).toHaveLength(40);
    const all = { ...of, totals: { ...of.totals, tenants: 3, domains: 9_000 } };
    expect(view(all, newLook("fuel", "domains"), plain).at(-1)).toContain("… and 8,960 more domains");
    expect(view(all, newLook("fuel", "tenants"), plain).at(-1)).toContain("… and 2 more tenants");
  });

  test("names, ids and where they are drive no terminal and forge no line", () => {
    const evil = "x\u001b[2J\u009b\u202e\n  acme  busy\t\r";
    const of = stats([tenant(evil, 1)], [domain(1, evil, 0, { name: evil, where: evil })]);
    for (const name of VIEWS) {
      const lines = view(of, newLook("fuel", name), plain);
      expect(lines.join("")).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e]/);
      expect(lines.filter((line) => line.includes("acme")).length).toBeLessThanOrEqual(2);
      expect(lines).toHaveLength(view(stats([tenant("x", 1)], [domain(1, "x")]), newLook("fuel", name), plain).length);
    }
  });
});

describe("keys", () => {
  test("sort, and change the view", () => {
    expect(["f", "m", "c", "r", "n"].map((key) => press(newLook(), key, two, 5).by)).toEqual([...SORTS]);
    expect(pressed(two, newLook(), "v").view).toBe("domains");
    expect(pressed(two, newLook(), "v", "tab", "v").view).toBe("tree");
  });

  test("close a tenant, open it, and all of them", () => {
    const closed = pressed(two, newLook(), "down", "return");
    expect(names(two, closed)).toEqual(["t b", "t a", "d 3", "d 1", "d 4"]);
    expect(names(two, pressed(two, closed, "right"))).toEqual(names(two, newLook()));
    expect(names(two, pressed(two, closed, "left"))).toEqual(names(two, closed));
    expect(names(two, pressed(two, newLook(), "a"))).toEqual(["t b", "t a"]);
    expect(names(two, pressed(two, newLook(), "a", "down", "space"))).toEqual(["t b", "d 5", "d 2", "t a"]);
  });

  test("on a domain close its tenant, and select it", () => {
    const look = pressed(two, newLook(), "down", "down", "left");
    expect([look.at, names(two, look)]).toEqual(["t b", ["t b", "t a", "d 3", "d 1", "d 4"]]);
  });

  test("show more domains and fewer", () => {
    const of = stats(
      [tenant("a", 1, 0, 40)],
      Array.from({ length: 40 }, (_, i) => domain(i, "a")),
    );
    expect(names(of, pressed(of, newLook(), "+"))).toHaveLength(1 + 20 + 1);
    expect(names(of, pressed(of, newLook(), "-", "-", "-", "-", "-"))).toHaveLength(1 + 1 + 1);
  });

  test("what is selected stays so wherever it goes", () => {
    const look = pressed(two, newLook(), "down", "down");
    expect(look.at).toBe("d 5");
    const later = stats(two.tenants, [...two.domains.slice(0, 4), domain(5, "b", 0)]);
    const frame = frameOf(later, look, { width: 80, height: 24 }, plain);
    expect(frame.lines.filter((line) => line.startsWith(">"))).toEqual([expect.stringMatching(/^> +5 /)]);
    expect(frame.look.index).toBe(2);
  });

  test("? tells of each of them", () => {
    const { lines } = frameOf(two, pressed(two, newLook(), "?"), { width: 100, height: 30 }, plain);
    for (const word of ["Enter", "PgUp", "Tab", "f m c r n", "+ -", "q or Ctrl-C"])
      expect(lines.join("\n")).toContain(word);
    expect(pressed(two, newLook(), "?", "escape").isHelp).toBe(false);
  });
});

describe("a screen", () => {
  const many = stats(
    Array.from({ length: 50 }, (_, i) => tenant(`tenant ${i} 東京`, i, 0, 30)),
    Array.from({ length: 1_500 }, (_, i) => domain(i, `tenant ${i % 50} 東京`, i, { name: "é".repeat(i % 90) })),
  );
  const anyKey = fc.constantFrom(
    ...[
      "up",
      "down",
      "pageup",
      "pagedown",
      "home",
      "end",
      "left",
      "right",
      "return",
      "a",
      "v",
      "+",
      "-",
      "?",
      "escape",
    ],
    ...["f", "m", "c", "r", "n", "x", "constructor"],
  );

  prop.prop([fc.array(anyKey, { maxLength: 25 }), fc.integer({ min: 20, max: 200 }), fc.integer({ min: 3, max: 60 })])(
    "is filled and never more than that, whatever was pressed, and shows what is selected",
    (keys, width, height) => {
      const size = { width, height };
      let look = newLook();
      for (const key of keys) {
        look = press(look, key, many, 7);
        const frame = frameOf(many, look, size, plain);
        look = frame.look;
        expect(frame.lines).toHaveLength(height);
        for (const line of frame.lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        if (look.isHelp || look.at === undefined) continue;
        expect(frame.lines.filter((line) => line.startsWith(">"))).toHaveLength(1);
      }
    },
  );

  test("the last lines are reached", () => {
    const look = pressed(many, newLook("name"), "end");
    const { lines, look: settled } = frameOf(many, look, { width: 120, height: 30 }, plain);
    expect(lines.at(-2)).toMatch(/^>.*more domains/);
    expect(lines.at(-1)).toContain(`-${bodyOf(many, settled).length} of ${bodyOf(many, settled).length}`);
  });

  test("draws no line that is not shown", () => {
    let read = 0;
    const watched = many.domains.map((row) => Object.defineProperty({ ...row }, "age", { get: () => ++read }));
    frameOf({ ...many, domains: watched as never }, newLook("fuel", "domains"), { width: 120, height: 30 }, plain);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThanOrEqual(30);
  });

  test("a narrow one leaves out what matters least", () => {
    const head = (width: number): string =>
      frameOf(two, newLook(), { width, height: 20 }, plain).lines.find((line) => line.includes("state")) ?? "";
    for (const word of ["where", "fuel/s", "memory", "calls/s", "age"]) expect(head(79)).toContain(word);
    expect(head(79)).not.toContain("jobs");
    expect(head(150)).toContain("jobs");
    expect(head(45)).toContain("fuel/s");
  });
});

describe("text", () => {
  test("is as wide as a terminal shows it", () => {
    expect(["abc", "東京", "e\u0301", "", "🙂"].map(widthOf)).toEqual([3, 4, 1, 0, 2]);
    expect([clip("東京都", 4), clip("abc", 3), clip("abcd", 3), clip("ab", 0)]).toEqual(["東…", "abc", "ab…", ""]);
    expect([pad("東", 4, false), pad("7", 3, true)]).toEqual(["東  ", "  7"]);
  });
});
