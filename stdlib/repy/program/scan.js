// Finds what a text must not contain before it is compiled, with the line: one pass over the tokens of JavaScript.
//
// Not a fence: the domain is (an import that gets past this finds no module to load). It gives RepyV2's refusals, with
// the line, before anything runs. Linear in the text, and paid by the domain that submits it (W09): where a string, a
// comment or a pattern does not end, the pass does, for the engine will refuse the text.

// biome-ignore format: a table
const FORBIDDEN = new Map([
  ["import",   "Import"],
  ["export",   "Export"],
  ["with",     "With"],
  ["debugger", "Debugger"],
]);

const SPACE = /(?:\s+|\/\/[^\n\r\u2028\u2029]*)/y;
const COMMENT = /\/\*[\s\S]*?\*\//y;
const STRING = /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/y;
const REGEXP = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[\w$]*/y;
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(`|\$\{)/y;
const NUMBER = /\d[\w.]*/y;
const WORD = /#?(?:[\w$\u0080-\uffff]|\\u\{?[0-9a-fA-F]*\}?|\\)+/y;
const MARK = /=>|\+\+|--|[\s\S]/y;

const BEFORE_REGEXP = new Set(
  "return typeof instanceof in of new delete void throw case do else await yield".split(" "),
);
const HEADS = new Set(["if", "while", "for"]);
const BLOCK_AFTER = new Set(["", ")", ";", "{", "}", "=>", "else", "do", "try", "finally"]);

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const TEMPLATE_END = "template";

/** One token: [kind, text], or undefined if the text cannot go on like this. */
function tokenAt(text, at, mayBePattern, isInTemplate) {
  const [first, second] = [text[at], text[at + 1]];
  if (first === "`" || (first === "}" && isInTemplate)) {
    const part = match(TEMPLATE, text, at + 1);
    return part && ["template", first + part];
  }
  if (first === "/" && second === "*") return ["space", match(COMMENT, text, at)];
  if (first === '"' || first === "'") return ["value", match(STRING, text, at)];
  const space = match(SPACE, text, at);
  if (space !== undefined) return ["space", space];
  if (first === "/" && mayBePattern) return ["value", match(REGEXP, text, at)];
  const number = match(NUMBER, text, at);
  if (number !== undefined) return ["value", number];
  const word = match(WORD, text, at);
  return word === undefined ? ["mark", match(MARK, text, at)] : ["word", word];
}

/** `visit(word, at, previous)` is called for each name and keyword outside of strings, comments and patterns. */
function eachWord(text, visit) {
  // For each open bracket: may a pattern follow its end?
  const open = [];
  let previous = "";
  let mayBePattern = true;

  function bracket(token) {
    if (token === "(") open.push(HEADS.has(previous));
    else if (token === "{") open.push(BLOCK_AFTER.has(previous));
    else if (token === "[") open.push(false);
    if (")}]".includes(token)) return open.pop() === true;
    return token !== "++" && token !== "--";
  }

  function template(token) {
    if (token[0] === "}") open.pop();
    const goesOn = token.endsWith("${");
    if (goesOn) open.push(TEMPLATE_END);
    return goesOn;
  }

  for (let at = 0; at < text.length; ) {
    const [kind, token] = tokenAt(text, at, mayBePattern, open.at(-1) === TEMPLATE_END) ?? [];
    if (token === undefined) return;
    if (kind === "word") visit(token, at, previous);
    if (kind === "word") mayBePattern = BEFORE_REGEXP.has(token);
    else if (kind === "mark") mayBePattern = bracket(token);
    else if (kind === "template") mayBePattern = template(token);
    else if (kind === "value") mayBePattern = false;
    if (kind !== "space") previous = kind === "template" ? "(" : token;
    at += token.length;
  }
}

const lineAt = (text, at) => text.slice(0, at).split(/\r\n|[\n\r\u2028\u2029]/).length;

function unsafePart(word, previous) {
  // Names with two underscores lead to the engine's own parts; an escape would hide any name from this look.
  if (word.includes("__") || word.includes("\\")) return word;
  // The property `object.import` is no import.
  return previous === "." ? undefined : FORBIDDEN.get(word);
}

/** The first construct that is refused: { what, line }, or undefined. */
export function findUnsafe(text) {
  let found;
  eachWord(text, (word, at, previous) => {
    const what = found === undefined ? unsafePart(word, previous) : undefined;
    if (what !== undefined) found = { what, line: lineAt(text, at) };
  });
  return found;
}
