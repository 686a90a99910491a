// The grammar of the document, read as one: which texts it has, and texts that it makes up.
import { type Token, token } from "../../policy-libs/policy/token.ts";
import { RESERVED } from "../../policy-libs/policy/words.ts";

/** word: in quotes. name: of a rule, or of a kind of token. */
export type Part =
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "all"; readonly of: readonly Part[] }
  | { readonly kind: "any"; readonly of: readonly Part[] }
  | { readonly kind: "maybe"; readonly of: Part }
  | { readonly kind: "many"; readonly of: Part };

export type Grammar = ReadonlyMap<string, Part>;

/** `name = a | "b" { c } [ d ] ( e ) ;` */
export function readGrammar(text: string): Grammar {
  const words = text.match(/"[^"]*"|\w+|[^\s\w"]/g) ?? [];
  let at = 0;
  const take = (): string => words[at++] ?? "";
  const closing = (open: string, close: string): Part | undefined => {
    if (words[at] !== open) return undefined;
    at++;
    const inner = choice();
    if (take() !== close) throw new Error(`no ${close} at word ${at}`);
    return inner;
  };
  const one = (): Part => {
    const maybe = closing("[", "]");
    if (maybe !== undefined) return { kind: "maybe", of: maybe };
    const many = closing("{", "}");
    if (many !== undefined) return { kind: "many", of: many };
    const word = closing("(", ")") ?? take();
    if (typeof word !== "string") return word;
    return word.startsWith('"') ? { kind: "word", text: word.slice(1, -1) } : { kind: "name", text: word };
  };
  const sequence = (): Part => {
    const of: Part[] = [];
    while (at < words.length && !["|", ";", "]", "}", ")"].includes(words[at] as string)) of.push(one());
    return of.length === 1 ? (of[0] as Part) : { kind: "all", of };
  };
  function choice(): Part {
    const of = [sequence()];
    while (words[at] === "|") {
      at++;
      of.push(sequence());
    }
    return of.length === 1 ? (of[0] as Part) : { kind: "any", of };
  }
  const rules = new Map<string, Part>();
  while (at < words.length) {
    const name = take();
    if (take() !== "=") throw new Error(`no = after ${name}`);
    rules.set(name, choice());
    if (take() !== ";") throw new Error(`no ; after ${name}`);
  }
  return rules;
}

export const partsOf = (grammar: Grammar): readonly Part[] => {
  const all = (part: Part): readonly Part[] => {
    if (part.kind === "word" || part.kind === "name") return [part];
    return part.kind === "all" || part.kind === "any" ? part.of.flatMap(all) : all(part.of);
  };
  return [...grammar.values()].flatMap(all);
};

type Kind = (token: Token) => boolean;
const isKind =
  (kind: Token["kind"]): Kind =>
  (one) =>
    one.kind === kind;

/** What the document says in words of the kinds of tokens. */
export const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["NAME", (one) => one.kind === "name" || (one.kind === "word" && !RESERVED.has(one.value))],
  ["DOTTED", isKind("dotted")],
  ["WILD", isKind("wildcard")],
  ["INT", isKind("int")],
  ["TIME", isKind("time")],
  ["TEXT", isKind("text")],
  ["BLOCK", isKind("block")],
]);

const isWord = (one: Token, text: string): boolean =>
  one.value === text && (one.kind === "word" || one.kind === "mark");

/** Is this list of tokens, in any way, what the rule describes? */
export function accepts(grammar: Grammar, rule: string, tokens: readonly Token[]): boolean {
  const known = new Map<Part, Map<number, ReadonlySet<number>>>();
  const after = (part: Part, from: ReadonlySet<number>): ReadonlySet<number> =>
    new Set([...from].flatMap((at) => [...ends(part, at)]));
  function ends(part: Part, at: number): ReadonlySet<number> {
    const before = known.get(part)?.get(at);
    if (before !== undefined) return before;
    const found = find(part, at);
    known.set(part, (known.get(part) ?? new Map<number, ReadonlySet<number>>()).set(at, found));
    return found;
  }
  function find(part: Part, at: number): ReadonlySet<number> {
    const here = tokens[at] ?? token("end", 0, 0);
    switch (part.kind) {
      case "word":
        return new Set(isWord(here, part.text) ? [at + 1] : []);
      case "name": {
        const isToken = KINDS.get(part.text);
        if (isToken !== undefined) return new Set(isToken(here) ? [at + 1] : []);
        return ends(grammar.get(part.text) as Part, at);
      }
      case "all":
        return part.of.reduce<ReadonlySet<number>>((from, each) => after(each, from), new Set([at]));
      case "any":
        return new Set(part.of.flatMap((each) => [...ends(each, at)]));
      case "maybe":
        return new Set([at, ...ends(part.of, at)]);
      case "many": {
        const all = new Set([at]);
        // A Set's walk also meets what is added on the way.
        for (const from of all) for (const to of ends(part.of, from)) all.add(to);
        return all;
      }
    }
  }
  return ends(grammar.get(rule) as Part, 0).has(tokens.length);
}

const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  NAME: ["size", "host", "x-1", "$_a", "`count`", "tenant", "denied"],
  DOTTED: ["net.send", "to.host", "files.count", "h.`sum`"],
  WILD: ["*", "net.*", "net.se*"],
  INT: ["1", "10MB", "4KiB", "17"],
  TIME: ["1ms", "10m", "366d"],
  TEXT: ['"a"', '"\\u{200b}\\n"', '""'],
  BLOCK: ["10.0.0.0/8", "fe80::/10", "::/0"],
};

/** How many rules deep the shortest text of each rule is. */
function heights(grammar: Grammar): (part: Part) => number {
  const known = new Map([...grammar.keys()].map((name) => [name, Number.POSITIVE_INFINITY]));
  const height = (part: Part): number => {
    if (part.kind === "word") return 0;
    if (part.kind === "name") return KINDS.has(part.text) ? 0 : 1 + (known.get(part.text) as number);
    if (part.kind === "maybe" || part.kind === "many") return 0;
    return (part.kind === "all" ? Math.max : Math.min)(...part.of.map(height));
  };
  for (let round = 0; round < grammar.size; round++) for (const [name, part] of grammar) known.set(name, height(part));
  return height;
}

/** A text of the grammar. `pick(n)`: some integer from 0 to n - 1. */
export function textOf(grammar: Grammar, rule: string, pick: (n: number) => number): string {
  const height = heights(grammar);
  const MOST = 9;
  const words = (part: Part, depth: number): readonly string[] => {
    const isDeep = depth > MOST;
    switch (part.kind) {
      case "word":
        return [part.text];
      case "name": {
        const samples = SAMPLES[part.text];
        return samples === undefined
          ? words(grammar.get(part.text) as Part, depth + 1)
          : [samples[pick(samples.length)] as string];
      }
      case "all":
        return part.of.flatMap((each) => words(each, depth));
      case "any": {
        const least = Math.min(...part.of.map(height));
        const possible = isDeep ? part.of.filter((each) => height(each) === least) : part.of;
        return words(possible[pick(possible.length)] as Part, depth);
      }
      case "maybe":
        return isDeep || pick(2) === 0 ? [] : words(part.of, depth);
      case "many":
        return Array.from({ length: isDeep ? 0 : pick(3) }, () => words(part.of, depth)).flat();
    }
  };
  return words(grammar.get(rule) as Part, 0).join(" ");
}
