// The files of a load: the main one and those that it imports.
//
// Invariants
//   I1  An import is what the embedder has handed in under this name, and where it is pinned, the very text.
//   I2  Files import each other in no circle, and MAX_IMPORT_DEPTH deep at most.
import { sha256 } from "../../attenuate/digest.ts";
import { type Diagnostic, didYouMean } from "../diagnostic.ts";
import { MAX_IMPORT_DEPTH } from "../limits.ts";
import { parse } from "../parse.ts";
import type { Place } from "../resolved.ts";
import type { Bundle, File, Import, Item, Policy, Set as ValueSet } from "../tree.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { placesIn, type Report, type Unit } from "./unit.ts";

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

export interface Files {
  readonly vocabulary: Vocabulary;
  /** What can be imported, by name. */
  readonly imports: ReadonlyMap<string, string>;
  readonly report: Report;
  readonly count: { nodes: number };
  /** Of files that are no policies at all. */
  readonly broken: Diagnostic[];
  /** Files that were met, in their order. Undefined: broken, or being read. */
  readonly met: Map<string, Unit | undefined>;
}

const PIN = /^sha256:([0-9a-f]{4,64})$/;

/** I1. */
function isPinned({ report }: Files, { from, pinned }: Import, text: string, at: Place): boolean {
  if (pinned === undefined) return true;
  const digest = sha256(new TextEncoder().encode(text));
  const wanted = PIN.exec(pinned)?.[1];
  if (wanted === undefined) {
    report("P304", at, `"${pinned}" is no digest`, `Write at least four digits of "sha256:${digest}".`);
  } else if (!digest.startsWith(wanted)) {
    report(
      "P303",
      at,
      `"${from}" is not the pinned text: its digest is sha256:${digest}`,
      "Read it before you pin it.",
    );
  }
  return wanted !== undefined && digest.startsWith(wanted);
}

interface Chain {
  /** The files that import this one, the main file first. */
  readonly names: readonly string[];
}

function imported(files: Files, item: Import, at: Place, { names }: Chain): Unit | undefined {
  const { from } = item;
  const text = files.imports.get(from);
  if (names.includes(from)) {
    files.report("P302", at, `files import each other: ${[...names.slice(names.indexOf(from)), from].join(", ")}`);
  } else if (text === undefined) {
    const advice = didYouMean(from, files.imports.keys()) || "The embedder hands in what can be imported, by name.";
    files.report("P301", at, `there is no "${from}" to import`, advice);
  } else if (names.length > MAX_IMPORT_DEPTH) {
    files.report("P407", at, `imports deeper than ${MAX_IMPORT_DEPTH} files`);
  } else if (isPinned(files, item, text, at)) {
    return files.met.has(from) ? files.met.get(from) : unitOf(files, from, text, from, { names });
  }
  return undefined;
}

interface Names {
  readonly sets: Map<string, ValueSet>;
  readonly policies: Map<string, Policy>;
  readonly bundles: Map<string, Bundle>;
  readonly imports: Map<string, Unit>;
}

const nameOf = (item: Item): string | undefined => {
  if (item.kind === "import") return item.as;
  return item.kind === "test" || item.kind === "prove" ? undefined : item.name;
};

/** Names of a file's items, each once. The later one of two is left out. */
function firstOfEach({ items }: File, report: Report, place: Unit["place"]): readonly Item[] {
  const known = new Map<string, Item>();
  return items.filter((item) => {
    const name = nameOf(item);
    if (name === undefined) return false;
    const earlier = known.get(name);
    if (earlier === undefined) known.set(name, item);
    else
      report(
        "P101",
        place(item.at),
        `"${name}" is the name of ${WORDS[earlier.kind]} already`,
        "Give it another name.",
      );
    return earlier === undefined;
  });
}

const WORDS: Readonly<Record<Item["kind"], string>> = {
  import: "an import",
  set: "a set",
  policy: "a policy",
  bundle: "a bundle",
  test: "a test",
  prove: "a claim",
};

function collect(files: Files, unit: Unit, names: Names, file: File, chain: Chain): void {
  for (const item of firstOfEach(file, unit.report, unit.place)) {
    if (item.kind === "set") names.sets.set(item.name, item);
    if (item.kind === "policy") names.policies.set(item.name, item);
    if (item.kind === "bundle") names.bundles.set(item.name, item);
    if (item.kind !== "import") continue;
    const from = imported(files, item, unit.place(item.at), { names: [...chain.names, unit.file] });
    if (from !== undefined) names.imports.set(item.as, from);
  }
}

/** A file's tree with its names, and those of all that it imports. */
export function unitOfTree(files: Files, name: string, text: string, tree: File, party: string, chain: Chain): Unit {
  const names: Names = { sets: new Map(), policies: new Map(), bundles: new Map(), imports: new Map() };
  const { vocabulary, report, count } = files;
  const unit: Unit = { file: name, party, vocabulary, place: placesIn(name, text), report, count, ...names };
  files.met.set(name, undefined);
  collect(files, unit, names, tree, chain);
  files.met.set(name, unit);
  return unit;
}

function unitOf(files: Files, name: string, text: string, party: string, chain: Chain): Unit | undefined {
  const parsed = parse(text, name);
  if ("file" in parsed) return unitOfTree(files, name, text, parsed.file, party, chain);
  files.met.set(name, undefined);
  files.broken.push(parsed.diagnostic);
  return undefined;
}
