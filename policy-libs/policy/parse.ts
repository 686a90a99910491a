// From text to a tree: by hand, two tokens of look-ahead, one precise error and stop.
//
// Invariants
//   P1  Any text gives a tree or one located diagnostic, in time linear in its length (cursor.ts C1, C2).
//   P2  What is accepted is within limits.ts, as far as one file shows it.
import { utf8Length } from "./characters.ts";
import {
  accept,
  type Cursor,
  expectOne,
  name,
  newCursor,
  SyntaxProblem,
  spanFrom,
  text,
  unexpected,
} from "./cursor.ts";
import { type Diagnostic, diagnose } from "./diagnostic.ts";
import { MAX_FILE } from "./limits.ts";
import { placer } from "./lines.ts";
import { cond, list, patterns } from "./parse-cond.ts";
import { policy } from "./parse-policy.ts";
import { bundle, ref, test } from "./parse-use.ts";
import type { Problem } from "./token.ts";
import type { File, Import, Item, Prove, Set as ValueSet } from "./tree.ts";

export type Parsed = { readonly file: File } | { readonly diagnostic: Diagnostic };

/** The tree of a file, or the first thing wrong with it. */
export function parse(source: string, fileName: string): Parsed {
  const place = placer(fileName, source);
  if (utf8Length(source, MAX_FILE) > MAX_FILE) {
    const advice = "Split it into files that import each other.";
    return { diagnostic: diagnose("P401", place({ from: 0, to: 0 }), `more than ${MAX_FILE} bytes`, advice) };
  }
  try {
    return { file: { items: items(newCursor(source)) } };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxProblem)) throw thrown;
    const { code, span, message, advice }: Problem = thrown.problem;
    return { diagnostic: diagnose(code, place(span), message, advice) };
  }
}

function items(c: Cursor): Item[] {
  const all: Item[] = [];
  while (c.token.kind !== "end") all.push(item(c));
  return all;
}

function item(c: Cursor): Item {
  const { from } = c.token;
  c.inside = undefined;
  if (accept(c, "import")) return imported(c, from);
  if (accept(c, "set")) return set(c, from);
  if (accept(c, "policy")) return policy(c, from);
  if (accept(c, "bundle")) return bundle(c, from);
  if (accept(c, "test")) return test(c, from);
  if (accept(c, "prove")) return prove(c, from);
  return unexpected(c, "P011");
}

function imported(c: Cursor, from: number): Import {
  const file = text(c);
  expectOne(c, ["as"]);
  const as = name(c, "a name for what is imported");
  const pinned = accept(c, "pinned") ? text(c) : undefined;
  return { kind: "import", from: file, as, pinned, at: spanFrom(c, from) };
}

function set(c: Cursor, from: number): ValueSet {
  const called = name(c, "the name of a set");
  expectOne(c, ["="]);
  return { kind: "set", name: called, values: list(c), at: spanFrom(c, from) };
}

function prove(c: Cursor, from: number): Prove {
  const of = ref(c);
  const claim = claimed(c);
  return { kind: "prove", of, claim, at: spanFrom(c, from) };
}

function claimed(c: Cursor): Prove["claim"] {
  const word = expectOne(c, ["never", "narrower", "same", "disjoint"]);
  if (word === "never") {
    return { kind: "never", patterns: patterns(c), when: accept(c, "when") ? cond(c) : undefined };
  }
  if (word === "narrower") return { kind: `narrower ${expectOne(c, ["than"])}`, other: ref(c) };
  if (word === "same") return { kind: `same ${expectOne(c, ["as"])}`, other: ref(c) };
  return { kind: `disjoint ${expectOne(c, ["from"])}`, other: ref(c) };
}
