import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { anchors, codeBlocks, links, namedPaths, picturedPaths } from "./markdown.ts";
import { files, ROOT, read } from "./tree.ts";

const DOCUMENTS = files("**/*.md").filter((file) => !file.startsWith("tests/attacks/"));
const GUIDES = ["README.md", "CONTRIBUTING.md"];

/** What is wrong with this link, or undefined. Links to other sites are not followed. */
function brokenLink(document: string, link: string): string | undefined {
  if (/^[a-z]+:/i.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document : posix.join(posix.dirname(document), decodeURIComponent(path));
  if (!existsSync(join(ROOT, target))) return `${document}: ${link}: no such file`;
  if (anchor === undefined || anchors(read(target)).includes(anchor)) return undefined;
  return `${document}: ${link}: no such heading`;
}

describe("documents", () => {
  test("every link inside the repository leads somewhere", () => {
    const broken = DOCUMENTS.flatMap((file) => links(read(file)).map((link) => brokenLink(file, link)));
    expect(broken.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test.for(GUIDES)("every file that %s names exists", (guide) => {
    const text = read(guide);
    const pictured = codeBlocks(text).filter(({ language }) => language === "text");
    const named = [...namedPaths(text), ...pictured.flatMap(({ code }) => picturedPaths(code))];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("the layout picture of both guides is the same, and shows every folder of sources", () => {
    const pictures = GUIDES.map((guide) => codeBlocks(read(guide)).map(({ code }) => picturedPaths(code)));
    const folders = pictures.map((blocks) => blocks.flat().filter((path) => path.endsWith("/")));
    const sources = files("*/tsconfig.json").map((file) => `${posix.dirname(file)}/`);
    for (const shown of folders) expect(shown.toSorted()).toEqual(sources);
  });

  test("the checks see what is broken", () => {
    expect(brokenLink("README.md", "no-such-file.md")).toContain("no such file");
    expect(brokenLink("README.md", "CONTRIBUTING.md#no-such-heading")).toContain("no such heading");
    expect(brokenLink("README.md", "CONTRIBUTING.md#where-things-are")).toBeUndefined();
    expect(links("[a](x.md#b) `[no](y)` [c](<z.md>)\n[d]: w.md\n```\n[no](v)\n```\n")).toEqual([
      "x.md#b",
      "z.md",
      "w.md",
    ]);
    expect(namedPaths("`kernel/verify.ts` `node build.ts` `a.b` `kernel/*.ts` `npm test`")).toEqual([
      "kernel/verify.ts",
      "build.ts",
    ]);
    expect(anchors("# A `b`, c!\n## Twice\n## Twice\n")).toEqual(["a-b-c", "twice", "twice-1"]);
    const blocks = codeBlocks("x\n```ts\none\n```\n- y\n  ```sh\n  two\n  ```\n");
    expect(blocks).toEqual([
      { language: "ts", line: 2, code: "one\n" },
      { language: "sh", line: 6, code: "two\n" },
    ]);
  });
});
