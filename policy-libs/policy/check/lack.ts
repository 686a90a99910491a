// What to do where a rule or a pattern is about several calls and only some of them have an argument.
//
// A condition on what a call lacks would be unknown, and unknown restricts: `deny files.* when path like "**.key"` would
// refuse every rename. Leaving these calls out would let them pass. So it is an error, and its author says which.
import { eventArguments } from "../event.ts";
import type { Argument, Vocabulary } from "../vocabulary.ts";
import { argumentAt, type Spoken } from "./scope.ts";

const MOST_NAMED = 6;

function listed(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, MOST_NAMED), names.length - MOST_NAMED];
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** "files.readText": "files.*", "files.read*" and itself, the widest first. */
function patternsFor(name: string): readonly string[] {
  const dot = name.indexOf(".") + 1;
  const words = [...name.slice(dot).matchAll(/[a-z0-9](?=[A-Z])/g)].map(({ index }) => dot + index + 1);
  return [...[dot, ...words, name.length].map((end) => `${name.slice(0, end)}*`), name];
}

/** Few patterns that match these calls and no others that there are. */
function covering(names: readonly string[], vocabulary: Vocabulary): readonly string[] {
  const wanted = new Set(names);
  const matched = (pattern: string): readonly string[] =>
    pattern.endsWith("*")
      ? vocabulary.operations.map(({ name }) => name).filter((name) => name.startsWith(pattern.slice(0, -1)))
      : [pattern];
  const found = new Map<string, string>();
  for (const name of names) {
    if (found.has(name)) continue;
    const isRight = (pattern: string): boolean => {
      const all = matched(pattern);
      return pattern === name || (all.length > 1 && all.every((each) => wanted.has(each)));
    };
    const pattern = patternsFor(name).find(isRight) ?? name;
    for (const each of matched(pattern)) found.set(each, pattern);
  }
  return [...new Set(found.values())];
}

const isOwn = ({ source }: Argument): boolean => source?.part === undefined || source.part === "url";

/** "net.send(host, port, size)" */
export function signature(spoken: Spoken): string {
  const { takes, gives } = eventArguments(spoken.operation, spoken.event);
  const list = [...takes, ...gives].filter(isOwn).map(({ name }) => name);
  return `${named(spoken, spoken.operation.name)}(${list.join(", ")})`;
}

const named = ({ event }: Spoken, name: string): string => (event === "result" ? `result ${name}` : name);

/** How the calls are written that have it, and which lack it. */
export function lackAdvice(vocabulary: Vocabulary, events: readonly Spoken[], name: string): string {
  const has = (spoken: Spoken): boolean => argumentAt(spoken, name) !== undefined;
  const having = events.filter(has);
  const [first] = having;
  if (first === undefined) return "";
  const patterns = covering([...new Set(having.map(({ operation }) => operation.name))], vocabulary);
  const written = patterns.map((pattern) => named(first, pattern)).join(", ");
  const others = listed([...new Set(events.filter((spoken) => !has(spoken)).map(signature))]);
  return `Write "${written}" here, and say of ${others} what is meant there.`;
}
