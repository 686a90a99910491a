// A file that is being checked: its names, its places, and where its diagnostics go.
import { type Code, type Diagnostic, diagnose } from "../diagnostic.ts";
import { placer } from "../lines.ts";
import type { Place } from "../resolved.ts";
import type { Bundle, Policy, Span, Set as ValueSet } from "../tree.ts";
import type { Vocabulary } from "../vocabulary.ts";

export type Report = (code: Code, at: Place, message: string, advice?: string) => void;

export interface Unit {
  readonly file: string;
  readonly party: string;
  readonly vocabulary: Vocabulary;
  readonly place: (at: Span | undefined) => Place;
  readonly report: Report;
  /** Of all that the load makes: conditions, terms and patterns. */
  readonly count: { nodes: number };
  readonly sets: ReadonlyMap<string, ValueSet>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly bundles: ReadonlyMap<string, Bundle>;
  /** By the name after "as". */
  readonly imports: ReadonlyMap<string, Unit>;
}

/** Collects each diagnostic once: what a `let` says is looked at wherever it stands. */
export function newReport(): { readonly report: Report; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const known = new Set<string>();
  const report: Report = (code, at, message, advice) => {
    const key = JSON.stringify([code, at.file, at.span.from, message]);
    if (known.has(key)) return;
    known.add(key);
    diagnostics.push(diagnose(code, at, message, advice));
  };
  return { report, diagnostics };
}

const BEGINNING: Span = { from: 0, to: 0 };

/** What was built and not parsed stands at the beginning. */
export function placesIn(file: string, text: string): (at: Span | undefined) => Place {
  const place = placer(file, text);
  return (at) => place(at ?? BEGINNING);
}

/** Files in the order in which they were met, and each from its beginning. */
export function sorted(diagnostics: readonly Diagnostic[], files: readonly string[]): readonly Diagnostic[] {
  const order = new Map(files.map((file, at) => [file, at]));
  const rank = ({ file }: Diagnostic): number => order.get(file) ?? files.length;
  return [...diagnostics].sort((a, b) => rank(a) - rank(b) || a.span.from - b.span.from);
}
