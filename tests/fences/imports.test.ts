import { describe, expect, test } from "vitest";
import { refusedImport } from "./import-rules.ts";
import { files, importsOf, read, SOURCE_FOLDERS } from "./tree.ts";

const IS_GUEST_ASSET = /^samples\/.*guest|^stdlib\/quickjs\/adapter\/|\/assembly\//;

describe("who imports whom", () => {
  test("no file of the tree imports what its folder may not", () => {
    const sources = files(SOURCE_FOLDERS.map((dir) => `${dir}/**/*.{ts,js,cjs,mjs}`));
    const refused = sources
      .filter((file) => !IS_GUEST_ASSET.test(file))
      .flatMap((file) => importsOf(read(file)).map((name) => ({ file, name, refused: refusedImport(file, name) })))
      .filter((found) => found.refused !== undefined && !found.file.endsWith(".cjs"));
    expect(refused).toEqual([]);
  });

  test.for([
    ["kernel/a.ts", "./b.ts", true],
    ["kernel/a.ts", "node:fs", false],
    ["kernel/a.ts", "acorn", false],
    ["kernel/a.ts", "../stdlib/abi.ts", false],
    ["kernel/a.ts", "../stdlib/../kernel/b.ts", true],
    ["policy-libs/files/a.ts", "../../kernel/index.ts", true],
    ["policy-libs/files/a.ts", "../../kernel/gate.ts", false],
    ["policy-libs/files/a.ts", "../node/files.ts", false],
    ["policy-libs/files/a.ts", "node:fs", false],
    ["policy-libs/node/a.ts", "node:fs", true],
    ["policy-libs/node/a.ts", "../../embed/index.ts", false],
    ["stdlib/web/a.ts", "../abi.ts", true],
    ["stdlib/web/a.ts", "../../kernel/index.ts", false],
    ["stdlib/web/a.ts", "acorn", false],
    ["stdlib/toolchain/a.ts", "acorn", true],
    ["stdlib/toolchain/a.ts", "../../kernel/index.ts", true],
    ["stdlib/toolchain/a.ts", "../../kernel/decode.ts", false],
    ["stdlib/toolchain/a.ts", "node:fs", false],
    ["stdlib/quickjs/build.ts", "node:fs", true],
    ["embed/run.ts", "../kernel/index.ts", true],
    ["embed/run.ts", "../kernel/domain.ts", false],
    ["embed/run.ts", "./node/files.ts", false],
    ["embed/run.ts", "node:fs", false],
    ["embed/run.ts", "../stdlib/toolchain/index.ts", true],
    ["embed/run.ts", "../stdlib/toolchain/link.ts", false],
    ["embed/node/workers/thread.ts", "tinypool", true],
    ["embed/node/workers/thread.ts", "acorn", false],
    ["embed/node/assets.ts", "tinypool", false],
    ["embed/cli/main.ts", "node:fs", true],
    ["embed/cli/main.ts", "../../kernel/domain.ts", false],
    ["embed/cli/main.ts", "../../policy-libs/node/index.ts", true],
    ["embed/cli/main.ts", "../../policy-libs/node/files.ts", false],
    ["samples/02/host.ts", "cordon", true],
    ["samples/02/host.ts", "../../embed/index.ts", false],
  ] as const)("%s importing %s is allowed: %s", ([file, specifier, allowed]) => {
    expect(refusedImport(file, specifier) === undefined).toBe(allowed);
  });

  test("every way to name a module is seen, and a comment is not", () => {
    const source = `
      import a from "1"; import type { b } from '2'; import "3"; export * from "4"; export { c } from "5";
      const d = await import("6"); const e = require("7"); import {
        f,
      } from "8";
      // import "no";
      /* import "no"; */`;
    expect(importsOf(source)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });
});
