// A case of section 6 of the reference: a program, its surroundings, and what it logs. One test for each.
import type { RepyOptions, RepyRun } from "../harness.ts";

export interface Case extends Omit<RepyOptions, "program" | "layers"> {
  /** The id and the reference's own title. */
  readonly name: string;
  /** The name of a file in programs/; without it the id in small letters. */
  readonly program?: string;
  /** Each call of log, in order. */
  readonly lines: readonly string[];
  /** How the run ends. Default: completed. */
  readonly cause?: object;
  /** Why JavaScript cannot do exactly this, and what is tested in its place. */
  readonly nearest?: string;
  readonly check?: (run: RepyRun) => void;
}

export const ARGUMENT = "RepyArgumentError";
export const times = (count: number, line: string): string[] => new Array<string>(count).fill(line);
