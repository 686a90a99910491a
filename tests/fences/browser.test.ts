// What a browser gets contains no `node:` import: the graph of dist/ is walked from each entry as a browser would. That it
// runs there is for tests/browser.
import { existsSync, readFileSync } from "node:fs";
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

describe("in a browser", () => {
  test.for(ENTRIES)("the entry %s reaches no node: module and no package: it loads without a bundler", (name) => {
    const { packages, files } = walk(entryOf(name));
    expect([...packages]).toEqual([]);
    expect([...files].filter((file) => !/^dist\/browser\/[\w-]+\.js$/.test(file))).toEqual([]);
  });

  test.for([
    [".", "dist/embed/index.js"],
    ["./kernel", "dist/kernel/index.js"],
    ["./policy-libs", "dist/policy-libs/index.js"],
  ] as const)("the entry %s gives what its source gives", async ([name, source]) => {
    const [bundled, built] = await Promise.all([entryOf(name), source].map((file) => import(join(ROOT, file))));
    expect(Object.keys(bundled).toSorted()).toEqual(Object.keys(built).toSorted());
  });

  test("a capability made by one entry is known to the others: they share one copy of everything", async () => {
    const [cordon, libraries, kernel] = await Promise.all(
      [".", "./policy-libs", "./kernel"].map((name) => import(join(ROOT, entryOf(name)))),
    );
    const bytes = readFileSync(join(ROOT, "dist/engine.wasm"));
    const { run } = cordon.createCordon({ engine: () => bytes });
    const files = libraries.readOnly(libraries.tree({ "a.txt": "42" }));
    expect(await run({ source: "await files.readText('a.txt')", grant: { files } })).toMatchObject({ value: "42" });
    expect(kernel.createKernel).toBeTypeOf("function");
  });

  test("what is loaded at once has neither the policy language nor RepyV2", () => {
    const atOnce = [...walk(entryOf("."), (file) => read(file).replace(/\bimport\(/g, "later(")).files];
    expect(atOnce.map((file) => file.replace(/^.*\//, "")).toSorted()).toEqual([
      "cordon.js",
      "index.js",
      "rolldown-runtime.js",
    ]);
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
