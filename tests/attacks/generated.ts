// Attacks whose source is made: nested too deep, too long, or one shape in many variants.
import type { Expectation } from "./own.ts";

export interface Generated {
  readonly id: string;
  readonly source: string;
  readonly expect: Expectation;
}

const DEEP = 100_000;
const nest = (open: string, middle: string, close = ""): string => open.repeat(DEEP) + middle + close.repeat(DEEP);

/** One construct inside itself. The parser, the compiler or the engine may give up; the process and the next run may not. */
const NESTED: Readonly<Record<string, string>> = {
  parentheses: nest("(", "1", ")"),
  arrays: nest("[", "", "]"),
  objects: `(${nest("{a:", "1", "}")})`,
  blocks: nest("{", "", "}"),
  functions: nest("function f(){", "", "}"),
  arrows: nest("a=>", "1"),
  "async-arrows": nest("async a=>", "1"),
  classes: nest("class A{static{", "", "}}"),
  extends: nest("class extends (", "Object", "){}"),
  not: nest("!", "1"),
  minus: nest("- ", "1"),
  typeof: nest("typeof ", "1"),
  void: nest("void ", "1"),
  new: nest("new ", "X"),
  await: `(async()=>{${nest("await ", "1")}})()`,
  yield: `function*g(){${nest("yield ", "1")}}`,
  if: nest("if(1)", ";"),
  "if-else": nest("if(0);else ", ";"),
  for: nest("for(;;)", "break"),
  while: nest("while(0)", ";"),
  do: nest("do ", ";", " while(0)"),
  try: nest("try{", "", "}finally{}"),
  switch: nest("switch(1){case 1:", "", "}"),
  with: nest("with({})", ";"),
  labels: `${Array.from({ length: DEEP }, (_, i) => `l${i}:`).join("")};`,
  templates: nest("`${", "1", "}`"),
  tagged: `f${"``".repeat(DEEP)}`,
  ternary: nest("1?", "1", ":1"),
  "ternary-right": nest("0?1:", "1"),
  power: nest("2**", "1"),
  assign: nest("a=", "1"),
  plus: nest("1+", "1"),
  comma: nest("1,", "1"),
  and: nest("1&&", "1"),
  coalesce: nest("null??", "1"),
  in: nest("1 in ", "[]"),
  members: `a${".a".repeat(DEEP)}`,
  optional: `a${"?.a".repeat(DEEP)}`,
  calls: `a${"()".repeat(DEEP)}`,
  indexes: nest("a[", "0", "]"),
  arguments: nest("f(", "", ")"),
  spread: `f(${nest("...[", "", "]")})`,
  destructuring: `let ${nest("[", "a", "]")} = x`,
  "object-pattern": `let ${nest("{a:", "b", "}")} = x`,
  "arrow-pattern": `(${nest("[", "a", "]")}) => 1`,
  defaults: nest("(a=", "1", ")=>1"),
  "regexp-groups": `/${nest("(", "", ")")}/`,
  "regexp-lookaheads": `/${nest("(?=", "a", ")")}/`,
  "regexp-classes": `/${nest("[", "a", "]")}/v`,
  "regexp-quantifiers": `/${nest("(?:", "a", "){2}")}/`,
  json: `JSON.parse('${nest("[", "", "]")}')`,
  eval: `eval(${JSON.stringify(nest("(", "1", ")"))})`,
  "open-only": "(".repeat(DEEP),
  "brace-open-only": "{".repeat(DEEP),
  "template-open-only": "`${".repeat(DEEP),
  comments: `${"/*".repeat(DEEP)}*/1`,
  "jsx-like": nest("<a>", "", "</a>"),
  "type-like": `let a: ${nest("Array<", "1", ">")} = 1`,
  "type-parentheses": `let a: ${nest("(", "1", ")")} = 1`,
  "type-objects": `let a: ${nest("{ a: ", "1", "}")}`,
  "type-arrows": `let a: ${nest("() => ", "1")}`,
  "type-conditional": `type A = ${nest("1 extends 1 ? ", "1", ": 1")}`,
  "type-arguments": `f${nest("<a", "", ">")}()`,
  "typed-arrow": nest("(a: number) => ", "1"),
  namespaces: nest("namespace a {", "", "}"),
  enums: `enum A { ${"a, ".repeat(DEEP)} }`,
  "as-chain": `1${" as any".repeat(DEEP)}`,
  "non-null-chain": `a${"!".repeat(DEEP)}`,
  decorators: `${"@a ".repeat(DEEP)} class A {}`,
};

/** Ten megabytes: above the default limit of a source, so that the run is refused with a word; no crash, no long wait. */
const MANY = 10_000_000;
const LONG: Readonly<Record<string, string>> = {
  spaces: " ".repeat(MANY),
  semicolons: ";".repeat(MANY),
  string: `"${"x".repeat(MANY)}"`,
  comment: `/*${"x".repeat(MANY)}*/1`,
  identifier: "x".repeat(MANY),
  surrogates: "\ud800".repeat(MANY / 2),
};

/** Below that limit, so that it is parsed. */
const BELOW = 3_000_000;
const PARSED: Readonly<Record<string, string>> = {
  newlines: "\n".repeat(BELOW),
  number: "1".repeat(BELOW),
  bigint: `${"1".repeat(BELOW)}n`,
  statements: "a;".repeat(BELOW / 2),
  variables: `var ${Array.from({ length: BELOW / 10 }, (_, i) => `v${i}`).join()}`,
  elements: `[${"1,".repeat(BELOW / 2)}]`,
  holes: `[${",".repeat(BELOW)}]`,
  keys: `({${Array.from({ length: BELOW / 12 }, (_, i) => `k${i}:1`).join()}})`,
  cases: `switch(1){${"case 1:".repeat(BELOW / 7)}}`,
  parameters: `(${Array.from({ length: BELOW / 10 }, (_, i) => `p${i}`).join()})=>1`,
  closures: "(()=>1);".repeat(BELOW / 8),
  regexp: `/${"a|".repeat(BELOW / 2)}/`,
  "regexp-class": `/[${"a-z".repeat(BELOW / 3)}]/`,
  escapes: `"${"\\u{10ffff}".repeat(BELOW / 10)}"`,
  template: `\`${"${1}".repeat(BELOW / 4)}\``,
  "one-line-comment": `//${"x".repeat(BELOW)}`,
  surrogates: `"${"\ud800".repeat(BELOW / 3)}"`,
  nuls: "\0".repeat(BELOW / 2),
  returns: "return;".repeat(BELOW / 7),
  imports: 'import"x";'.repeat(BELOW / 10),
  awaits: "await 0;".repeat(BELOW / 8),
};

/** Source that leaves the braces in which a body is compiled, to run where it was only to be parsed. */
const EVIL = "globalThis.evil = 1";
const SMUGGLED: readonly string[] = [
  `}); ${EVIL}; (() => {`,
  `}); ${EVIL}; (async () => {`,
  `} ${EVIL}; {`,
  `}}); ${EVIL}; ({"x"() { {`,
  `}, x: (${EVIL}), y() {`,
  `}, get x() { return ${EVIL} }, y() {`,
  `}, [(${EVIL})]() {`,
  `} async function g() { ${EVIL}`,
  `} + (${EVIL}) + function() {`,
  `}) + (${EVIL}) + ({ f() {`,
  `*/ } ${EVIL} /*`,
  `return 1 } ; ${EVIL} ; async function h() {`,
  `return 1\n}\n${EVIL}\nasync function h() {`,
  `return 1 } , async "b"() { ${EVIL}`,
  `return 1 //\u2028 } ${EVIL} ; async function f() {`,
  `return 1 /* */ } ; ${EVIL} ; { /*`,
  `return 1; }\r${EVIL}; {`,
  `return /[}]/ } ; ${EVIL} ; { /x/`,
  `return 1 } static { ${EVIL} } x() {`,
  `return 1 } } ; ${EVIL} ; class A { async f() {`,
  `"use strict"; return 1 }) ; ${EVIL} ; ({ x() {`,
];

const named = (kind: string, sources: Readonly<Record<string, string>>, expect: Expectation): Generated[] =>
  Object.entries(sources).map(([name, source]) => ({ id: `${kind}-${name}`, source, expect }));

/** The like that is no smuggling: all of it is in a template or a comment. */
const INNOCENT: Readonly<Record<string, string>> = {
  template: `return \`}); ${EVIL}; (() => {\``,
  comment: `return 1 <!-- }); ${EVIL}; (() => {`,
  regexp: `return /}\\); ${EVIL}; \\(\\(\\) => {/`,
};

export const generated: readonly Generated[] = [
  ...named("nested", NESTED, "any"),
  ...named("long", LONG, "stopped"),
  ...named("parsed", PARSED, "any"),
  ...named("innocent", INNOCENT, "ended"),
  ...SMUGGLED.map((source, i): Generated => ({ id: `smuggled-${i}`, source, expect: "threw SyntaxError" })),
];
