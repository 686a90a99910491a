// Turns a program's text into a function of a context, and a stack back into lines of that text.
//
// The text is the body of an async function inside `with (context)`, where the context answers for every name: a text
// sees its context, what the language itself brings (below), and nothing else of the domain's global object.
import { isSafeName } from "./safedict.js";
import { findUnsafe } from "./scan.js";

// What stays of the global object, as RepyV2 keeps 88 of Python's builtins: the language, and no power.
const BUILTINS = [
  "undefined NaN Infinity Object Array String Number Boolean BigInt Symbol Math JSON Date RegExp Map Set WeakMap WeakSet",
  "Promise Proxy Reflect Error TypeError RangeError SyntaxError ReferenceError EvalError URIError AggregateError",
  "ArrayBuffer DataView Uint8Array Int8Array Uint8ClampedArray Uint16Array Int16Array Uint32Array Int32Array",
  "Float32Array Float64Array BigInt64Array BigUint64Array parseInt parseFloat isNaN isFinite Iterator",
  "encodeURIComponent decodeURIComponent encodeURI decodeURI",
].flatMap((line) => line.split(" "));

const builtins = new Map(BUILTINS.filter((name) => name in globalThis).map((name) => [name, globalThis[name]]));
const MakeFunction = Function;
const MakeAsyncFunction = (async () => {}).constructor;

const wrap = (text, label) => `with (context) { return async function () {\n${text}\n} }\n//# sourceURL=${label}`;
const FRAME = /^\s*(?:at\s+)?(?:async\s+)?(.*?)[\s(@]*([^\s(),]+?):(\d+)(?::(\d+))?\)*$/;

/** The name of a function as its text says it; none for the text itself. */
const nameOf = (shown) => shown.replace(/^(Proxy|Object)\./, "").replace(/^<?(eval|anonymous)>?$/, "");

function parseStack(stack) {
  return String(stack ?? "")
    .split("\n")
    .map((text) => FRAME.exec(text))
    .filter((found) => found !== null)
    .map(([, name, label, line]) => ({ name: nameOf(name), label, line: Number(line) }));
}

/** What the engine calls a text in stacks, and how many lines it puts before it: learned by trying. */
function learn(label) {
  try {
    new MakeFunction("context", `with (context) {\nthrow new Error(); }\n//# sourceURL=${label}`)({ Error });
  } catch (error) {
    const [frame] = parseStack(error.stack);
    if (frame !== undefined) return { label: frame.label, before: frame.line - 1 };
  }
  return { label, before: 0 };
}

/** Names are looked up in the dictionary, then in the language; assigning to a name that is not declared sets an entry. */
function scopeOf(dictionary) {
  return new Proxy(Object.create(null), {
    has: () => true,
    get(_target, key) {
      if (key === Symbol.unscopables) return undefined;
      if (isSafeName(key) && dictionary.has(key)) return dictionary.get(key);
      if (builtins.has(key)) return builtins.get(key);
      throw new ReferenceError(`${String(key)} is not defined`);
    },
    set(_target, key, value) {
      dictionary.set(key, value);
      return true;
    },
    deleteProperty: (_target, key) => isSafeName(key) && dictionary.delete(key),
  });
}

/** `locate(text)` may tell the line of a syntax error, for an engine that does not. */
export function createCompiler({ make, locate = () => undefined }) {
  let count = 0;
  const labels = new Map(); // label to { name, before }
  const callers = new WeakMap(); // an error that came from below, to one that was made where the call was made

  function syntaxError(error, text) {
    const { label, before } = learn("repy-probe");
    const frame = parseStack(error.stack).find((found) => found.label === label);
    // The wrapping `with` is a line that the text alone does not have.
    const line = frame === undefined ? locate(text) : frame.line - before + 1;
    return make("CodeUnsafeError", `${error.message}${line === undefined ? "" : ` in line ${line}`}`);
  }

  /** The constructor takes a whole body only: no text can close the function it stands in, and so leave the `with`. */
  function checkSyntax(text) {
    try {
      new MakeAsyncFunction(text);
    } catch (error) {
      throw syntaxError(error, text);
    }
  }

  /** Throws CodeUnsafeError. The result takes a dictionary and gives a promise. */
  function prepare(text, name) {
    const unsafe = findUnsafe(text);
    if (unsafe !== undefined) throw make("CodeUnsafeError", `Unsafe call '${unsafe.what}' in line ${unsafe.line}`);
    checkSyntax(text);
    const wanted = `repy-${++count}`;
    const body = new MakeFunction("context", wrap(text, wanted));
    const { label, before } = learn(wanted);
    labels.set(label, { name, before });
    return (dictionary) => {
      const scope = scopeOf(dictionary);
      return body(scope).call(scope);
    };
  }

  /** The guest's own frames, the most recent call first: { name, file, line }. */
  function framesOf(error) {
    return parseStack((callers.get(error) ?? error)?.stack)
      .map(({ name, label, line }) => ({ name, source: labels.get(label), line }))
      .filter(({ source }) => source !== undefined)
      .map(({ name, source, line }) => ({ name, file: source.name, line: line - source.before }));
  }

  return { prepare, framesOf, callers };
}
