// The JSON form of a policy file: one table. json.ts reads and writes by it, schema.ts is made from it.

import { blockProblem } from "./block.ts";
import { isName } from "./characters.ts";
import type { Around } from "./depth.ts";
import type { Code } from "./diagnostic.ts";
import { MAX_DURATION, MAX_INT, MAX_LEVEL, MAX_VALUES } from "./limits.ts";
import { COMPARISONS, DEFAULTS, SCOPES, TEXT_TESTS, VERDICTS } from "./tree.ts";
import { EVENTS } from "./words.ts";

const NAME = "[A-Za-z_$][A-Za-z0-9_$]*(?:-[A-Za-z0-9_$]+)*";

interface TextRule {
  readonly is: string;
  /** A regular expression, where one says most of it. */
  readonly pattern?: string;
  readonly holds: (text: string) => boolean;
}

const matching = (is: string, pattern: string): TextRule => {
  const expression = new RegExp(pattern);
  return { is, pattern, holds: (text) => expression.test(text) };
};

// biome-ignore format: a table
/** What a string of JSON can be. */
export const TEXTS = {
  any:      { is: "a text",                                holds: (text) => text.isWellFormed() },
  name:     { is: "a name", pattern: `^${NAME}$`,          holds: isName },
  argument: matching('the name of an argument, such as "host" or "to.host"', `^${NAME}(?:\\.${NAME})?$`),
  ref:      matching('the name of a policy, such as "base" or "host.base"',  `^${NAME}(?:\\.${NAME})?$`),
  call:     matching('a call, such as "net.send"',                           `^${NAME}\\.${NAME}$`),
  calls:    matching('a call or calls, such as "net.send", "net.*" or "*"',  `^(?:\\*|${NAME}\\.(?:\\*|${NAME}\\*?))$`),
  block:    { is: 'an address block, such as "10.0.0.0/8"', pattern: "^[0-9A-Fa-f:.]+/[0-9]+$", holds: (text) => blockProblem(text) === undefined },
} as const satisfies Readonly<Record<string, TextRule>>;

// biome-ignore format: a list
export const NODE_NAMES = [
  "file", "item", "parameter", "over", "pattern", "let", "label", "rule", "edit", "member", "ref", "binding", "step", "by",
  "value", "name", "prim", "term", "cond",
] as const;
export type NodeName = (typeof NODE_NAMES)[number];

export type Form =
  | { readonly is: "text"; readonly of: keyof typeof TEXTS }
  | { readonly is: "int"; readonly least: number; readonly most: number; readonly code: Code }
  | { readonly is: "bool" }
  | { readonly is: "word"; readonly of: readonly string[] }
  | { readonly is: "list"; readonly of: Form; readonly least: number }
  /** Or the name of a parameter that is one. */
  | { readonly is: "named"; readonly of: Form }
  /** A list, or one. */
  | { readonly is: "or"; readonly list: Form; readonly one: Form }
  | { readonly is: "node"; readonly of: NodeName }
  | { readonly is: "cond"; readonly around: Around };

export interface Field {
  readonly key: string;
  /** Where in the node of the tree: "name", "effect.kind". */
  readonly path: string;
  readonly form: Form;
  /** Optional: what its absence means. undefined is a meaning too. */
  readonly absent?: { readonly means: unknown };
}

/** One of the ways that a node can look. */
export interface Variant {
  /** Paths and values that tell its nodes from others'. */
  readonly fixed: readonly (readonly [path: string, value: string])[];
  /** The key that tells its JSON from others'. undefined: it is no object; its one field is all of it. */
  readonly tag: string | undefined;
  readonly fields: readonly Field[];
}

const text = (of: keyof typeof TEXTS): Form => ({ is: "text", of });
const int = (least = 0, most: number = MAX_INT, code: Code = "P405"): Form => ({ is: "int", least, most, code });
const word = (of: readonly string[]): Form => ({ is: "word", of });
const list = (of: Form, least = 0): Form => ({ is: "list", of, least });
const node = (of: NodeName): Form => ({ is: "node", of });
const cond = (around: Around): Form => ({ is: "cond", around });
const named = (of: Form): Form => ({ is: "named", of });

const NAMED = text("name");
const ANY = text("any");
const PATTERN = node("pattern");
const TERM = node("term");
const VALUE = node("value");
const VALUES = list(VALUE);
const TIME = int(0, MAX_DURATION, "P404");
const SPAN_OF_TIME = int(1, MAX_DURATION, "P404");
const FEW = int(1, MAX_VALUES);
const MOST = named(FEW);

const field = (key: string, path: string, form: Form): Field => ({ key, path, form });
const optional = (key: string, path: string, form: Form, means?: unknown): Field => ({
  ...field(key, path, form),
  absent: { means },
});
/** `key` is where it is in the tree, too. */
const same = (key: string, form: Form): Field => field(key, key, form);
const maybe = (key: string, form: Form, means?: unknown): Field => optional(key, key, form, means);

/** A variant with a `kind`; the first field's key is its tag. */
const kind = (is: string, first: Field, ...rest: Field[]): Variant => ({
  fixed: [["kind", is]],
  tag: first.key,
  fields: [first, ...rest],
});
/** A node that has one look only. */
const plain = (first: Field, ...rest: Field[]): Variant => ({ fixed: [], tag: first.key, fields: [first, ...rest] });
/** No object: the JSON of this one field. */
const bare = (is: string, form: Form): Variant => ({
  fixed: [["kind", is]],
  tag: undefined,
  fields: [field("", "value", form)],
});

const TAIL = [maybe("by", node("by")), maybe("per", word(SCOPES)), maybe("within", SPAN_OF_TIME), maybe("steps", FEW)];

// biome-ignore format: a table
const PRIMS: readonly Variant[] = [
  bare("value", VALUE),
  kind("name",   same("name", text("argument"))),
  kind("length", field("length", "of", text("argument"))),
  kind("count",  field("count", "pattern", PATTERN), ...TAIL),
  kind("sum",    field("sum", "of", text("argument")), field("on", "pattern", PATTERN), ...TAIL),
  kind("level",  field("level", "plus", PATTERN), same("minus", PATTERN), maybe("max", named(int(1, MAX_LEVEL, "P408")))),
];

const RULE = [maybe("when", cond("rule")), maybe("unless", cond("rule")), maybe("because", ANY)];

/** A rule: its effect is a node of its own in the tree. */
const effect = (words: readonly string[], ...fields: Field[]): Variant => ({
  fixed: [],
  tag: "effect",
  fields: [field("effect", "effect.kind", word(words)), same("on", list(PATTERN, 1)), ...fields, ...RULE],
});

const edit = (is: string, key: string, path: string, form: Form): Variant => ({
  fixed: [["kind", is]],
  tag: key,
  fields: [same("argument", text("argument")), field(key, path, form)],
});

const claim = (is: string, ...fields: Field[]): Variant => ({
  fixed: [
    ["kind", "prove"],
    ["claim.kind", is],
  ],
  tag: is,
  fields: [field("prove", "of", node("ref")), ...fields],
});
const claimOfTwo = (is: string): Variant => claim(is, field(is, "claim.other", node("ref")));

const member = (join: string): Variant => ({
  fixed: [["join", join]],
  tag: join,
  fields: [field(join, "of", list(node("ref"), 1))],
});

// biome-ignore format: a table
export const NODES: Readonly<Record<NodeName, readonly Variant[]>> = {
  file: [plain(same("items", list(node("item"))))],
  item: [
    kind("import", field("import", "from", ANY), same("as", NAMED), maybe("pinned", ANY)),
    kind("set",    field("set", "name", NAMED), same("values", VALUES)),
    kind("policy", field("policy", "name", NAMED), maybe("parameters", list(node("parameter")), []), maybe("over", list(node("over")), []),
         same("default", word(DEFAULTS)), maybe("lets", list(node("let")), []), maybe("labels", list(node("label")), []),
         maybe("rules", list(node("rule")), [])),
    kind("bundle", field("bundle", "name", NAMED), same("members", list(node("member")))),
    kind("test",   field("test", "name", ANY), field("for", "of", node("ref")), same("steps", list(node("step")))),
    claim("never", field("never", "claim.patterns", list(PATTERN, 1)), optional("when", "claim.when", cond("rule"))),
    claimOfTwo("narrower than"), claimOfTwo("same as"), claimOfTwo("disjoint from"),
  ],
  parameter: [plain(same("name", NAMED), same("type", NAMED), maybe("value", { is: "or", list: VALUES, one: VALUE }))],
  over:      [{ fixed: [["event", "call"]], tag: "op", fields: [same("op", text("calls"))] }],
  pattern:   [plain(same("op", text("calls")), maybe("event", word(["call", ...EVENTS]), "call"), maybe("when", cond("pattern")))],
  let: [
    { fixed: [["kind", "cond"]],   tag: "cond",   fields: [field("let", "name", NAMED), same("cond", cond("let"))] },
    { fixed: [["kind", "term"]],   tag: "term",   fields: [field("let", "name", NAMED), same("term", TERM)] },
    { fixed: [["kind", "values"]], tag: "values", fields: [field("let", "name", NAMED), field("values", "of", text("argument")),
                                                           field("on", "pattern", PATTERN), same("max", MOST)] },
  ],
  label: [plain(field("label", "name", NAMED), same("from", list(PATTERN, 1)), maybe("cleared", list(PATTERN), []))],
  rule: [
    effect(["allow", "deny", "halt"]),
    effect(["ask"],      optional("of", "effect.of", NAMED)),
    effect(["suppress"], optional("giving", "effect.giving", VALUE)),
    effect(["delay"],    field("to", "effect.to", named(int(1))), field("per", "effect.per", SPAN_OF_TIME)),
    effect(["change"],   field("so", "effect.edits", list(node("edit"), 1))),
  ],
  edit: [
    edit("at most", "at most", "most", named(int())),
    edit("first",   "first",   "length", named(int())),
    edit("masks",   "masks",   "mask", ANY),
    edit("becomes", "becomes", "value", VALUE),
  ],
  member: [member("all"), member("any")],
  ref:     [plain(same("name", text("ref")), maybe("arguments", list(node("binding")), []))],
  binding: [plain(same("name", NAMED), same("value", { is: "or", list: VALUES, one: VALUE }))],
  step: [
    kind("wait", field("wait", "time", TIME)),
    kind("event", same("op", text("call")), maybe("event", word(["call", "result"]), "call"), same("values", VALUES),
         same("is", word(VERDICTS)), maybe("by", ANY)),
  ],
  by:    [plain(same("name", text("argument")), same("max", MOST))],
  value: [bare("int", int()), bare("text", ANY), bare("bool", { is: "bool" }), kind("cidr", field("cidr", "value", text("block")))],
  name:  [plain(same("name", NAMED))],
  prim:  PRIMS,
  term:  [...PRIMS, kind("add", field("add", "terms", list(node("prim"), 2)))],
  cond: [
    kind("or",       field("or", "of", list(cond("or"), 2))),
    kind("and",      field("and", "of", list(cond("and"), 2))),
    kind("not",      field("not", "of", cond("not"))),
    kind("name",     same("name", text("argument"))),
    kind("once",     field("once", "pattern", PATTERN), maybe("since", PATTERN), maybe("within", TIME)),
    kind("never",    field("never", "pattern", PATTERN)),
    kind("previous", field("previous", "pattern", PATTERN), same("among", list(PATTERN, 1))),
    kind("carries",  field("carries", "label", NAMED)),
    kind("compare",  field("compare", "is", word(COMPARISONS)), same("left", TERM), same("right", TERM)),
    kind("in",       field("in", "list", { is: "or", list: VALUES, one: NAMED }), same("term", TERM)),
    kind("text",     field("test", "test", word(TEXT_TESTS)), same("term", TERM), same("text", named(ANY))),
  ],
};
