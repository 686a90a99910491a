// --audit: the audit log of a run, in a file.
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { CordonError } from "../errors.ts";
import { parseBytes } from "../limits.ts";
import { type AuditFile, type AuditOptions, auditFile } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { UsageError } from "./exit.ts";
import { stderr } from "./terminal.ts";

export interface AuditLog {
  /** For the option `audit` of the sandbox. */
  readonly options: AuditOptions;
  /** Writes what waits, and says what could not be written. */
  close(): Promise<void>;
}

/** What becomes of a log that is full. */
const AT_MAX = { end: "end", drop: "drop", rotate: "end" } as const;
const VALUES = ["digest", "full", "none"] as const;

function wordOf<Word extends string>(parsed: Parsed, option: string, words: readonly Word[]): Word {
  const text = parsed.text(option) ?? words[0];
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new UsageError(`--${option} ${text}: ${words.join(", ")}`);
}

function sizeOf(parsed: Parsed): { readonly maxBytes?: number } {
  const text = parsed.text("audit-max");
  if (text === undefined) return {};
  const maxBytes = parseBytes(text);
  if (maxBytes === undefined) throw new UsageError(`--audit-max ${text}: not a size`, "--audit-max 64MiB");
  return { maxBytes };
}

function openFile(path: string, options: { readonly maxBytes?: number; readonly keep: number }): AuditFile {
  try {
    return auditFile(path, options);
  } catch (error) {
    if (error instanceof CordonError) throw new UsageError(`--audit: ${error.message}`);
    throw error;
  }
}

const OPTIONS = ["audit-values", "audit-max", "audit-at-max"];

const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

/** A guest that can write to its own log is not audited. */
function checkPlace(path: string, writable: readonly string[]): void {
  const folder = `${dirname(existsSync(path) ? realpathSync(path) : join(realPath(dirname(path)), basename(path)))}${sep}`;
  const found = writable.find((one) => folder.startsWith(`${realPath(one)}${sep}`.replace(/\/\/$/, "/")));
  if (found === undefined) return;
  throw new UsageError(
    `--audit ${path}: the guest may write there, by the grant of ${found}`,
    "a place that is not granted",
  );
}

/** The log that the options ask for. `name`: who runs, in the log; `writable`: directories that it may write to. */
export function auditOf(parsed: Parsed, name: string, writable: readonly string[]): AuditLog | undefined {
  const path = parsed.text("audit");
  const alone = OPTIONS.find((option) => parsed.text(option) !== undefined);
  if (path === undefined && alone !== undefined) throw new UsageError(`--${alone} without --audit LOG`);
  if (path === undefined) return undefined;
  const atMax = wordOf(parsed, "audit-at-max", Object.keys(AT_MAX) as (keyof typeof AT_MAX)[]);
  const values = wordOf(parsed, "audit-values", VALUES);
  checkPlace(path, writable);
  const file = openFile(path, { ...sizeOf(parsed), keep: atMax === "rotate" ? 1 : 0 });
  return {
    options: { to: file, values, name, whenFull: AT_MAX[atMax] },
    close: async () => {
      const { lost } = await file.close();
      const problem = file.problem();
      if (problem !== undefined) stderr().write(`cordon: ${problem}; ${lost} records are lost\n`);
    },
  };
}
