// Programs of embedders in processes of their own: what they print, and whether they end by themselves.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const IMPORTS = `import * as cordon from ${JSON.stringify(join(ROOT, "embed/node/index.ts"))};
import * as libs from ${JSON.stringify(join(ROOT, "policy-libs/index.ts"))};\n`;

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly signal: string | null;
  readonly status: number | null;
  readonly ms: number;
}

/** A folder that is gone after the tests of a file, and what runs a program in it, in which `cordon` and `libs` are there. */
export function scripts(): { folder: string; runScript(name: string, source: string): Ended } {
  const folder = mkdtempSync(join(tmpdir(), "cordon-scripts-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    runScript(name, source) {
      const script = join(folder, `${name}.ts`);
      writeFileSync(script, IMPORTS + source);
      const started = performance.now();
      const { stdout, stderr, signal, status } = spawnSync(process.execPath, [script], {
        encoding: "utf8",
        timeout: 50_000,
      });
      return { stdout, stderr, signal, status, ms: performance.now() - started };
    },
  };
}
