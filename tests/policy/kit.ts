// What the tests of the language share.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Code, type Diagnostic, render } from "../../policy-libs/policy/diagnostic.ts";
import { parse } from "../../policy-libs/policy/parse.ts";
import type { File } from "../../policy-libs/policy/tree.ts";

/** The fifteen examples of the specification, and the block of composition, tests and claims. */
export const EXAMPLES = readFileSync(new URL("examples.policy", import.meta.url), "utf8");

/** The tree of a text that must have one. */
export function treeOf(text: string): File {
  const parsed = parse(text, "t.policy");
  if ("file" in parsed) return parsed.file;
  throw new Error(`${render(parsed.diagnostic)}\n${text}`);
}

/** What is wrong with a text that must not have a tree. */
export function refusalOf(text: string, code?: Code): Diagnostic {
  const parsed = parse(text, "t.policy");
  if ("file" in parsed) throw new Error(`accepted: ${text}`);
  if (code !== undefined) expect(parsed.diagnostic, text).toMatchObject({ code });
  return parsed.diagnostic;
}

/** Without spans, and without what is undefined: for comparing trees exactly. */
export function bare(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(bare);
  if (typeof tree !== "object" || tree === null) return tree;
  const kept = Object.entries(tree).filter(([key, value]) => key !== "at" && value !== undefined);
  return Object.fromEntries(kept.map(([key, value]) => [key, bare(value)]));
}

/** A policy whose one rule has this condition. */
export const withCondition = (condition: string): string =>
  `policy p over a.b {\n  default abstain\n  deny a.b when ${condition}\n}\n`;
