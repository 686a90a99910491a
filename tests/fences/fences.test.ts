// A fence can break silently: so one violation of each kind is planted, and a complaint about it is demanded.
import { describe, expect, test } from "vitest";
import { lintComplaints, type Plant, typeComplaints, withPlants } from "./planted.ts";

interface Violation extends Plant {
  /** A part of what lint or the type checker must say about this file. */
  readonly complaint: string;
}

const IMPORT = "noRestrictedImports";
const FROM: readonly (readonly [folder: string, specifier: string])[] = [
  ["kernel", "node:fs"],
  ["kernel", "acorn"],
  ["kernel", "../stdlib/abi.ts"],
  ["kernel", "../policy-libs/index.ts"],
  ["kernel", "./deep/file.ts"],
  ["policy-libs/planted", "../../kernel/decode.ts"],
  ["policy-libs/planted", "../../stdlib/abi.ts"],
  ["policy-libs/planted", "../../embed/index.ts"],
  ["policy-libs/planted", "../node/index.ts"],
  ["policy-libs/planted", "node:fs"],
  ["policy-libs/planted", "acorn"],
  ["policy-libs/node", "../../kernel/decode.ts"],
  ["policy-libs/node", "../../embed/index.ts"],
  ["policy-libs/node", "acorn"],
  ["stdlib/toolchain", "node:fs"],
  ["stdlib/toolchain", "../../kernel/decode.ts"],
  ["stdlib/toolchain", "../../embed/index.ts"],
  ["stdlib/toolchain", "../quickjs/build.ts"],
  ["stdlib/web", "../../kernel/index.ts"],
  ["stdlib/web", "../toolchain/index.ts"],
  ["stdlib/web", "node:fs"],
  ["stdlib/web", "acorn"],
  ["embed", "node:fs"],
  ["embed", "./node/index.ts"],
  ["embed", "./cli/main.ts"],
  ["embed", "../kernel/decode.ts"],
  ["embed", "../policy-libs/node/index.ts"],
  ["embed", "../policy-libs/files/virtual.ts"],
  ["embed", "../stdlib/toolchain/link.ts"],
  ["embed/cli", "../../kernel/decode.ts"],
  ["embed/cli", "../../stdlib/toolchain/link.ts"],
  ["embed/cli", "../../tests/kit/index.ts"],
  ["embed/node", "../../policy-libs/files/virtual.ts"],
  ["samples/planted", "../../embed/index.ts"],
  ["samples/planted", "../../kernel/index.ts"],
];

const IMPORTS: readonly Violation[] = FROM.map(([folder, specifier], index) => ({
  file: `${folder}/planted-import-${index}.ts`,
  source: `import { x } from "${specifier}";\nexport const y = x;\n`,
  complaint: IMPORT,
}));

const IMPORT_FORMS: readonly Violation[] = [
  `import type { x } from "node:fs";\nexport type Y = x;\n`,
  `export { x } from "node:fs";\n`,
  `export * from "node:fs";\n`,
  `import "node:fs";\n`,
  `export const x = await import("node:fs");\n`,
].map((source, index) => ({ file: `policy-libs/planted-form-${index}.ts`, source, complaint: IMPORT }));

const AMBIENT: readonly Violation[] = [
  "globalThis",
  `eval("1")`,
  `new Function("1")`,
  `import("./x.ts")`,
  "Date.now()",
  "new Date()",
  "Math.random()",
  `Math["random"]()`,
  "import.meta.url",
].map((code, index) => ({
  file: `kernel/planted-ambient-${index}.ts`,
  source: `export const x: unknown = ${code};\n`,
  complaint: "plugin",
}));

const lines = (count: number, line: string): string => `${line}\n`.repeat(count);

const SHAPES: readonly Violation[] = [
  {
    file: "embed/planted-any.ts",
    source: "export const x = (y: any): void => y;\n",
    complaint: "noExplicitAny",
  },
  { file: "embed/planted-enum.ts", source: "export enum X {\n  A,\n}\n", complaint: "noEnum" },
  { file: "embed/planted-default.ts", source: "export default 1;\n", complaint: "noDefaultExport" },
  {
    file: "embed/planted-long-function.ts",
    source: `export function f(g: (n: number) => void): void {\n${lines(51, "  g(1);")}}\n`,
    complaint: "noExcessiveLinesPerFunction",
  },
  {
    file: "embed/planted-long-file.ts",
    source: Array.from({ length: 401 }, (_, n) => `export const x${n} = 1;\n`).join(""),
    complaint: "noExcessiveLinesPerFile",
  },
  {
    file: "embed/planted-maze.ts",
    source: `export function f(n: number): number {\n${nested(9)}  return 0;\n}\n`,
    complaint: "noExcessiveCognitiveComplexity",
  },
  {
    file: "embed/planted-cycle-a.ts",
    source: `import { b } from "./planted-cycle-b.ts";\nexport const a = (): number => b();\n`,
    complaint: "noImportCycles",
  },
  {
    file: "embed/planted-cycle-b.ts",
    source: `import { a } from "./planted-cycle-a.ts";\nexport const b = (): number => a();\n`,
    complaint: "noImportCycles",
  },
  {
    file: "embed/planted-wasm.ts",
    source: "export const x = WebAssembly;\n",
    complaint: "noRestrictedGlobals",
  },
];

function nested(depth: number): string {
  return depth === 0 ? "return 1;\n" : `if (n > ${depth}) {\n${nested(depth - 1)}}\n`;
}

const NAMES: readonly (readonly [folder: string, name: string])[] = [
  ...["process", "console", "fetch", "WebAssembly", "setTimeout", "queueMicrotask", "TextDecoder"].map(
    (name) => ["kernel", name] as const,
  ),
  ...["process", "console", "fetch", "WebAssembly", "Buffer"].map((name) => ["policy-libs", name] as const),
  ...["process", "fetch", "WebAssembly"].map((name) => ["stdlib/toolchain", name] as const),
  ...["process", "WebAssembly"].map((name) => ["stdlib", name] as const),
  ...["process", "Buffer", "require"].map((name) => ["embed", name] as const),
];

const TYPES: readonly Violation[] = [
  ...NAMES.map(([folder, name]) => ({
    file: `${folder}/planted-name-${name}.ts`,
    source: `export const x: unknown = ${name};\n`,
    complaint: `'${name}'`,
  })),
  { file: "kernel/planted-node.ts", source: `export { join } from "node:path";\n`, complaint: "'node:path'" },
  { file: "kernel/planted-out.ts", source: `export { TAG } from "../stdlib/abi.ts";\n`, complaint: "TS6" },
  { file: "embed/planted-enum-type.ts", source: "export enum X {\n  A,\n}\n", complaint: "erasableSyntaxOnly" },
  {
    file: "kernel/planted-index.ts",
    source: "export const x = (y: readonly number[]): number => y[0];\n",
    complaint: "undefined",
  },
];

const CONTROL: readonly Plant[] = [
  ["kernel", "../kernel/planted-control.ts", "./planted-other.ts"],
  ["policy-libs", "", "../kernel/index.ts"],
  ["policy-libs/node", "", "node:path"],
  ["policy-libs/node", "b", "../planted-other.ts"],
  ["stdlib/toolchain", "", "../abi.ts"],
  ["stdlib/toolchain", "b", "acorn"],
  ["embed", "", "../stdlib/toolchain/index.ts"],
  ["embed", "b", "../policy-libs/index.ts"],
  ["embed/cli", "", "../node/planted-other.ts"],
  ["samples/planted", "", "cordon"],
].map(([folder, tag, specifier]) => ({
  file: `${folder}/planted-control${tag === "b" ? "-b" : ""}.ts`,
  source: `import * as other from "${specifier}";\n\nexport const used: unknown = other;\n`,
}));

const LINTED = [...IMPORTS, ...IMPORT_FORMS, ...AMBIENT, ...SHAPES];

describe("lint complains about", () => {
  const complaints = withPlants([...LINTED, ...CONTROL], lintComplaints);

  test.for(LINTED)("$complaint in $file", ({ file, complaint }) => {
    expect(complaints.get(file) ?? []).toContain(complaint);
  });

  test.for(CONTROL)("nothing in $file, which breaks no rule", ({ file }) => {
    expect(complaints.get(file) ?? []).toEqual([]);
  });
});

describe("the type checker complains about", () => {
  const control = { file: "kernel/planted-control.ts", source: "export const x: number = Math.max(1, 2);\n" };
  const complaints = withPlants([...TYPES, control], typeComplaints);

  test.for(TYPES)("$complaint in $file", ({ file, complaint }) => {
    expect((complaints.get(file) ?? []).join("\n")).toContain(complaint);
  });

  test("nothing in a file that breaks no rule", () => {
    expect(complaints.get(control.file)).toBeUndefined();
  });
});
