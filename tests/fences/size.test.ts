import { describe, expect, test } from "vitest";
import { files, linesOfCode, read } from "./tree.ts";

/** Lines of code that kernel/ may have (DESIGN section 2): a reader must be able to check all of it. */
const KERNEL_BUDGET = 3000;

describe("the kernel's size", () => {
  test("kernel/ stays within its budget of lines, not counting blank lines and comments", () => {
    const sizes = files("kernel/**/*.ts").map((file) => ({ file, lines: linesOfCode(read(file)) }));
    const total = sizes.reduce((sum, { lines }) => sum + lines, 0);
    console.log(`kernel: ${total} of ${KERNEL_BUDGET} lines of code in ${sizes.length} files`);
    expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(KERNEL_BUDGET);
  });

  test("kernel/ is flat, and is TypeScript only", () => {
    const strange = files("kernel/**/*").filter((file) => !/^kernel\/([\w-]+\.(ts|md)|tsconfig\.json)$/.test(file));
    expect(strange).toEqual([]);
  });

  test("the count takes code and leaves blank lines and comments", () => {
    const source = ["// head", "", "/** doc", " * more", " */", "const a = 1; // tail", "/* x */", "  b();", ""].join(
      "\n",
    );
    expect(linesOfCode(source)).toBe(2);
    expect(linesOfCode('const s = "/*";\nconst t = 1;\nconst u = "*/";')).toBe(3);
  });
});
