// What a browser gets contains no `node:` import: the graph of dist/ is walked from each entry as a browser would.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { importsOf, ROOT, read, resolveImport } from "./tree.ts";

type Target = string | { readonly [condition: string]: Target };

const EXPORTS = (JSON.parse(read("package.json")) as { exports: Record<string, Target> }).exports;
const ENTRIES = [".", "./kernel", "./policy-libs"].filter((name) => existsSync(join(ROOT, entryOf(name))));

/** As a bundler for browsers chooses: the first condition, in order, that it knows. */
function chosen(target: Target): string {
  if (typeof target === "string") return target;
  const condition = Object.keys(target).find((name) => ["browser", "import", "default"].includes(name));
  return chosen(target[condition ?? ""] ?? "");
}

function entryOf(name: string): string {
  return chosen(EXPORTS[name] ?? "").replace(/^\.\//, "");
}

interface Walk {
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

function walk(entry: string, readFile = read): Walk {
  const seen = new Set([entry]);
  const packages = new Set<string>();
  for (const file of seen) {
    for (const specifier of importsOf(readFile(file))) {
      if (specifier.startsWith(".")) seen.add(resolveImport(file, specifier));
      else packages.add(specifier);
    }
  }
  return { files: seen, packages };
}

const DEPENDENCIES = Object.keys((JSON.parse(read("package.json")) as { dependencies: object }).dependencies);

describe("in a browser", () => {
  test.for(ENTRIES)("the entry %s reaches no node: module, and no package but our dependencies", (name) => {
    const { packages, files } = walk(entryOf(name));
    expect([...packages].filter((found) => !DEPENDENCIES.includes(found))).toEqual([]);
    expect([...files].filter((file) => /\/(node|cli)\//.test(file))).toEqual([]);
  });

  test("the walk follows every kind of import, and takes the browser's condition first", () => {
    const tree = new Map([
      ["a.js", `import "./b.js"; export * from "./d/c.js";`],
      ["b.js", `const lazy = () => import("./d/c.js");`],
      ["d/c.js", `import { x } from "node:fs"; import "acorn"; import "../a.js";`],
    ]);
    const { files, packages } = walk("a.js", (file) => tree.get(file) ?? "");
    expect([...files]).toEqual(["a.js", "b.js", "d/c.js"]);
    expect([...packages]).toEqual(["node:fs", "acorn"]);
    expect(chosen({ types: "t", browser: "b", default: "d" })).toBe("b");
    expect(chosen({ types: "t", node: "n", default: { import: "i", default: "d" } })).toBe("i");
  });
});
