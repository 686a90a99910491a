// embed/README.md against the tables that it tells of, and its example. `UPDATE=1` writes the tables anew.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { CODES, LIMITS, type LimitName } from "../../embed/api.ts";

const ROOT = join(import.meta.dirname, "../..");
const FILE = join(ROOT, "embed/README.md");

const table = (...rows: readonly (readonly string[])[]): string =>
  rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const rule = (columns: number): string[] => Array.from({ length: columns }, () => "---");

function amount(name: LimitName, profile: "normal" | "hardened" | "batch" | "least" | "most"): string {
  const { unit, [profile]: value } = LIMITS[name];
  const step = (["GiB", "MiB", "KiB"] as const).findIndex((_, i) => value !== 0 && value % 1024 ** (3 - i) === 0);
  if (unit === "bytes" && step >= 0) return `${value / 1024 ** (3 - step)} ${["GiB", "MiB", "KiB"][step]}`;
  return value.toLocaleString("en-US");
}

const limits = table(
  ["limit", "unit", "normal", "hardened", "batch", "least", "most", "what"],
  rule(8),
  ...(Object.keys(LIMITS) as LimitName[]).map((name) => [
    ...[`\`${name}\``, LIMITS[name].unit, amount(name, "normal"), amount(name, "hardened"), amount(name, "batch")],
    ...[amount(name, "least"), amount(name, "most"), LIMITS[name].about],
  ]),
);
const codes = table(
  ["code", "meaning"],
  rule(2),
  ...Object.entries(CODES).map(([code, about]) => [`\`${code}\``, about]),
);

const withTable = (text: string, mark: string, content: string): string =>
  text.replace(
    new RegExp(`(<!-- ${mark} -->\\n)[^]*?(<!-- end -->)`),
    (_, open: string, close: string) => `${open}${content}\n${close}`,
  );

describe("embed/README.md", () => {
  test("has the tables of limits and codes as the program has them", () => {
    const text = readFileSync(FILE, "utf8");
    const expected = withTable(withTable(text, "limits", limits), "codes", codes);
    if (process.env["UPDATE"] === "1") writeFileSync(FILE, expected);
    else expect(text).toBe(expected);
  });

  test.each([...readFileSync(FILE, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code))(
    "has an example that runs: %#",
    (code) => {
      const folder = mkdtempSync(join(ROOT, "dist/example-"));
      try {
        const file = join(folder, "example.ts");
        const entry = (path: string): string => JSON.stringify(pathToFileURL(join(ROOT, path)).href);
        const local = code.replace('"cordon"', entry("embed/node/index.ts"));
        writeFileSync(file, local.replace('"cordon/policy-libs"', entry("policy-libs/index.ts")));
        const { status, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 60_000 });
        expect(status, stderr).toBe(0);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
