// The TypeScript stripper, a guest like any other: sucrase, and an aligner that keeps columns. Bundled into one script
// that is run once in an engine domain, whose memory becomes an image; each source then gets a domain of its own.
// biome-ignore lint/style/noRestrictedImports: bundled into the guest at build time
import { transform } from "sucrase";

// Literals and operators are whole: no space ever gets into one.
const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*|\d[\w.]*/u.source;
const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/.source;
const OPERATOR = /=>|[=!]==?|\*\*=?|<<=?|>>>?=?|&&=?|\|\|=?|\?\?=?|\?\.|\+\+|--|[-+*/%&|^<>]=|\.\.\./.source;
const TOKEN = new RegExp(`${WORD}|${STRING}|${OPERATOR}|\\s+|.`, "gsu");

/** Where each token of `line` that is no space begins. */
function places(line) {
  const found = [];
  let at = 0;
  for (const token of line.match(TOKEN) ?? []) {
    if (token.trim() !== "") found.push({ token, at });
    at += token.length;
  }
  return found;
}

/**
 * Stripping removes tokens and adds none, but for enums and the like. Where that holds, every kept token stands again
 * where it stood, with spaces in between; where it does not, the line stays as the stripper made it.
 */
function align(before, after) {
  const [originals, kept] = [places(before), places(after)];
  let next = 0;
  let line = "";
  for (const [index, { token, at }] of kept.entries()) {
    const from = next;
    while (next < originals.length && originals[next].token !== token) next++;
    if (next === originals.length) return after;
    const touches = index > 0 && kept[index - 1].at + kept[index - 1].token.length === at;
    line = touches && next === from ? line + token : line.padEnd(originals[next].at) + token;
    next++;
  }
  return line;
}

/** Lines with a template stay as they are, and so does all that follows a line where one may have begun. */
function alignLines(before, after) {
  let mayBeInTemplate = false;
  return after.map((line, index) => {
    const ticks = before[index].split("`").length - 1;
    mayBeInTemplate ||= ticks % 2 === 1;
    return mayBeInTemplate || ticks > 0 || line === before[index] ? line : align(before[index], line);
  });
}

const IDENTIFIER = /[\p{ID_Start}$_][\p{ID_Continue}$.]*/u.source;
const NAMESPACE = new RegExp(`^(.*[;{}])?\\s*(export\\s+)?(?=(namespace|module)\\s+${IDENTIFIER}\\s*(\\{|$))`, "u");
const DECLARED = /\bdeclare\s+(namespace|module|global)\b/;

/**
 * Sucrase drops a namespace with all its code: an error is better than a program with a hole. Inside a `declare` they
 * have no code; there only those that are not indented are looked at.
 */
function refuseNamespaces(source, before, after) {
  const mayBeDeclared = DECLARED.test(source);
  for (const [index, line] of before.entries()) {
    const found = NAMESPACE.exec(line);
    if (found === null || /\b(namespace|module)\b/.test(after[index])) continue;
    if (mayBeDeclared && (/^\s/.test(line) || DECLARED.test(line))) continue;
    const place = `(${index + 1}:${found[0].length + 1})`;
    throw new SyntaxError(`A namespace cannot be stripped: use a module, or declare it if it has types only ${place}`);
  }
}

/** TypeScript to JavaScript, line by line. Throws a SyntaxError with the position in its message. */
globalThis.strip = (source) => {
  const { code } = transform(source, {
    transforms: ["typescript"],
    disableESTransforms: true,
    preserveDynamicImport: true,
  });
  const [before, after] = [source.split("\n"), code.split("\n")];
  if (before.length !== after.length) return code;
  refuseNamespaces(source, before, after);
  return alignLines(before, after).join("\n");
};
