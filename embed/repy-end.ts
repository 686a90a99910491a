// How a RepyV2 run ended (section 2.6 of RepyV2's codes, as words). What a guest says of its end is alleged: of its words
// a known kind and text of some length are taken, and a program can end nothing but its own run.
import type { Result } from "./result.ts";

/**
 * completed: the program and its threads are done. exited: exitall. unsafe: its text was refused. uncaught: an error
 * that nobody caught, or a layer that did not start. limit: a hard limit was reached, which `resource` names. internal:
 * a fault that is not the program's. stopped: by the embedder's signal.
 */
export type RepyEndKind = "completed" | "exited" | "unsafe" | "uncaught" | "limit" | "internal" | "stopped";

/** How a run of RepyV2 ended. */
export interface RepyEnd {
  readonly kind: RepyEndKind;
  readonly message?: string;
  readonly resource?: string;
  /** The thread whose error it was. */
  readonly thread?: string;
  /** The security layer that did not start. */
  readonly layer?: string;
}

const OF_PROGRAM: readonly RepyEndKind[] = ["completed", "unsafe", "uncaught"];
const OF_EMULATION: readonly RepyEndKind[] = ["exited", "limit", "internal"];
const MOST_TEXT = 16_384; // characters
const FIELDS = ["message", "resource", "thread"] as const;

function endOf(alleged: unknown, kinds: readonly RepyEndKind[]): RepyEnd {
  const said = (typeof alleged === "object" && alleged !== null ? alleged : {}) as Record<string, unknown>;
  const kind = kinds.find((known) => known === said["kind"]);
  if (kind === undefined) return { kind: "internal", message: "a domain ended without a cause" };
  const texts = FIELDS.filter((field) => typeof said[field] === "string");
  return { kind, ...Object.fromEntries(texts.map((field) => [field, (said[field] as string).slice(0, MOST_TEXT)])) };
}

/** What the emulation tells of the end: RepyV2's exits and its hard limits. */
export const endOfEmulation = (alleged: unknown): RepyEnd => endOf(alleged, OF_EMULATION);

/** The engine has no class for it on the host's side. It may be the guest's own words: then it ends as it says. */
const isOutOfMemory = (text: string | undefined): boolean => /\bout of memory\b/.test(text?.split("\n").at(-1) ?? "");
const MEMORY: RepyEnd = { kind: "limit", resource: "memory" };

function ofValue(value: unknown): RepyEnd {
  const end = endOf(value, OF_PROGRAM);
  return end.kind === "uncaught" && isOutOfMemory(end.message) ? MEMORY : end;
}

/** How the program's domain ended, as the end of the run. */
export function endOfProgram(result: Result): RepyEnd {
  switch (result.status) {
    case "returned":
      return ofValue(result.value);
    case "threw":
      return isOutOfMemory(result.error.message) ? MEMORY : { kind: "internal", message: result.error.message };
    case "exhausted":
      return { kind: "limit", resource: result.resource };
    case "trapped":
      return { kind: "internal", message: result.reason };
    case "refused":
      return { kind: "internal", message: result.why };
    case "interrupted":
      return { kind: "internal", message: "the program's domain was interrupted, and holds nothing that may do that" };
    case "aborted":
      return { kind: "stopped" };
  }
}
