// kernel/README.md against the files that it tells of: their sizes, and the labels of their invariants.
// `UPDATE=1` writes the table of sizes anew.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { files, linesOfCode, ROOT, read } from "./tree.ts";

const FILE = "kernel/README.md";
const SOURCES = files("kernel/*.ts");

/** Lines that a row may be wrong by: a table that breaks with every change is a table that nobody reads. */
const LAX = 10;

/** What the file says of itself: the first sentence of its head. */
function ideaOf(source: string): string {
  const head =
    /^(?:\/\/ .+\n)+/
      .exec(source)?.[0]
      .replaceAll(/^\/\/ /gm, "")
      .replaceAll("\n", " ") ?? "";
  return (/^.*?\.(?= |$)/.exec(head)?.[0] ?? head).replace(/\.$/, "").trim();
}

const rows = SOURCES.map((file) => {
  const source = read(file);
  return { name: file.replace("kernel/", ""), lines: linesOfCode(source), idea: ideaOf(source) };
});

const table = [
  "| file | lines | what |",
  "| --- | --- | --- |",
  ...rows.map(({ name, lines, idea }) => `| \`${name}\` | ${lines} | ${idea} |`),
].join("\n");

const PLACE = /(<!-- sizes -->\n)[\s\S]*?(<!-- end -->)/;

const labelsOf = (source: string): string[] =>
  [...source.matchAll(/^\/\/ {3}([A-Z]{1,2}\d) {2}/gm)].map(([, label]) => label as string);

describe("kernel/README.md", () => {
  test("tells each file's size, within some lines, and what it is in its own words", () => {
    if (process.env["UPDATE"] === "1")
      writeFileSync(
        join(ROOT, FILE),
        read(FILE).replace(PLACE, (_, open, close) => `${open}${table}\n${close}`),
      );
    const told = [...(PLACE.exec(read(FILE))?.[0] ?? "").matchAll(/^\| `(\S+)` \| (\d+) \| (.*) \|$/gm)];
    expect(told.map(([, name, , idea]) => [name, idea])).toEqual(rows.map(({ name, idea }) => [name, idea]));
    for (const [i, [, name, lines]] of told.entries())
      expect(
        Math.abs(Number(lines) - (rows[i]?.lines ?? 0)),
        `${name} has ${rows[i]?.lines} lines`,
      ).toBeLessThanOrEqual(LAX);
  });

  test("names the budget that the fence of sizes has", () => {
    const [, budget] = /KERNEL_BUDGET = (\d+)/.exec(read("tests/fences/size.test.ts")) ?? [];
    expect(read(FILE)).toContain(`At most ${Number(budget).toLocaleString("en-US")} lines of code`);
  });

  test("each label of an invariant is of one file alone, and the text names all of them and no others", () => {
    const labels = SOURCES.flatMap((file) => labelsOf(read(file)));
    expect(labels.length).toBeGreaterThan(30);
    expect(labels.filter((label, i) => labels.indexOf(label) !== i)).toEqual([]);
    const named = new Set([...read(FILE).matchAll(/`((?!V)[A-Z]{1,2}\d)`/g)].map(([, label]) => label as string));
    expect([...named].toSorted()).toEqual(labels.toSorted());
  });

  test("every test that it quotes is there, word for word", () => {
    const quoted = [...read(FILE).matchAll(/\| "(.+)" \|$/gm)].map(([, name]) => name as string);
    const sources = files("tests/{guarantees,rules}/*.test.ts").map((file) => read(file));
    expect(quoted.length).toBeGreaterThan(20);
    expect(quoted.filter((name) => !sources.some((source) => source.includes(`"${name}"`)))).toEqual([]);
  });

  test("every test file that it names is there", () => {
    const named = [...read(FILE).matchAll(/`(tests\/[\w./-]+)`/g)].map(([, path]) => path as string);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((path) => files(path.replace(/\/$/, "/**")).length === 0)).toEqual([]);
  });
});
