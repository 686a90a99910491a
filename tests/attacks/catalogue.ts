// The catalogue's attacks: manifest.json and one file each.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "./harness/attempt.ts";

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly class: "escape" | "integrity" | "info" | "timing" | "dos";
  readonly success: string;
  readonly safe: string;
}

const read = (file: string): string => readFileSync(join(import.meta.dirname, file), "utf8");

export const rows = JSON.parse(read("manifest.json")) as readonly Row[];

export const catalogue: readonly Attack[] = readdirSync(import.meta.dirname)
  .filter((file) => /^\d\d-.*\.js$/.test(file))
  .map((file) => ({ id: file.slice(0, 2), file, source: read(file) }));
