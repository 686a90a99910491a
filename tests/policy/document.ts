// The language's document, taken apart: blocks of policies, tables, and the calls that its examples speak of.
import { readFileSync } from "node:fs";
import type { Contract } from "../../kernel/index.ts";
import { arg, bytes, record, string } from "../../policy-libs/index.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import type { Argument, Operation, Vocabulary } from "../../policy-libs/policy/vocabulary.ts";
import { GRANTS, made } from "./examples.ts";

export const DOCUMENT = readFileSync(new URL("../../docs/policy-language.md", import.meta.url), "utf8");

export interface Block {
  readonly language: string;
  /** What stands behind the language: the name under which others import it. */
  readonly name: string;
  readonly line: number;
  readonly code: string;
}

export const BLOCKS: readonly Block[] = [...DOCUMENT.matchAll(/^```(\w+)[ \t]*([^\n]*)\n([\s\S]*?)^```$/gm)].map(
  ({ 1: language = "", 2: name = "", 3: code = "", index }) => ({
    ...{ language, name, code },
    line: DOCUMENT.slice(0, index).split("\n").length + 1,
  }),
);

export const blocksOf = (language: string): readonly Block[] => BLOCKS.filter((block) => block.language === language);

/** What stands between `<!-- name -->` and `<!-- end -->`, or up to the next block's end. */
export function marked(name: string): string {
  const from = DOCUMENT.indexOf(`<!-- ${name} -->`);
  if (from < 0) throw new Error(`the document marks no ${name}`);
  const rest = DOCUMENT.slice(from);
  const fence = /^<!-- .*? -->\n```\w+\n([\s\S]*?)^```$/m.exec(rest);
  if (fence?.index === 0) return fence[1] as string;
  return rest.slice(rest.indexOf("\n") + 1, rest.indexOf("<!-- end -->"));
}

/** A cell without the backticks around it, if it is one span of code: with one backtick on each side, or two and a blank. */
const plain = (cell: string): string => {
  const [, one, two] = /^`([^`]*)`$|^`` (.*) ``$/.exec(cell.trim()) ?? [];
  return one ?? two ?? cell.trim();
};

/** The rows of a marked table, without its head. */
export const rowsOf = (name: string): readonly (readonly string[])[] =>
  marked(name)
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => line.slice(1, -1).split(" | ").map(plain));

const POST = made("post", {
  send: {
    takes: [
      arg("to", record({ host: string({ is: "host" }), user: string() })),
      arg("from", record({ user: string() })),
      arg("data", bytes()),
    ],
  },
});

const ALL: ReadonlyMap<string, Contract> = new Map([...GRANTS, ["post", POST]]);
export const VOCABULARY: Vocabulary = vocabularyOf(ALL).vocabulary;

const isOwn = ({ source }: Argument): boolean => source?.part === undefined || source.part === "url";
const listed = (list: readonly Argument[]): string =>
  list
    .filter(isOwn)
    .map(({ name, type, optional }) => `${name}${optional ? "?" : ""}: ${type}`)
    .join(", ");

/** "files.read(path: path) -> value: text" */
export const signature = ({ name, takes, gives }: Operation): string =>
  `${name}(${listed(takes)})${gives.length === 0 ? "" : ` -> ${listed(gives)}`}`;
