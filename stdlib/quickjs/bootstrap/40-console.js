// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// console: text to the system's console.write. Without that grant it says nothing.

const MAX_TEXT = 100000,
  MAX_ITEMS = 100;
let writeConsole = () => {};
let groupIndent = "";

const cut = (text, most) =>
  text.length > most ? slice(text, 0, most) + "... " + (text.length - most) + " more characters" : text;

function write(level, text) {
  try {
    writeConsole(level, cut(groupIndent === "" ? text : groupIndent + text, MAX_TEXT));
  } catch {
    // A full or revoked console is no reason to end the program.
  }
}

const show = (v) => (typeof v === "string" ? v : inspect(v));

/** console.log's arguments as one text. */
function format(args) {
  if (typeof args[0] === "string" && args.length > 1 && indexOf(args[0], "%") >= 0) return formatMarks(args);
  return formatFrom(args, 0, []);
}

function formatFrom(args, from, out) {
  for (let i = from; i < args.length; i++) append(out, show(args[i]));
  return join(out, " ");
}

const printer =
  (level) =>
  (...args) =>
    write(level, format(args));
const consoleMethods = {
  log: printer("log"),
  info: printer("info"),
  warn: printer("warn"),
  error: printer("error"),
  debug: printer("debug"),
  trace: (...args) => traceConsole(args),
  dir: (v) => write("log", inspect(v)),
  table: (rows) => write("log", tableText(rows) ?? show(rows)),
  assert: (ok, ...args) => {
    if (!ok) write("error", args.length === 0 ? "Assertion failed" : "Assertion failed: " + format(args));
  },
  group: (...args) => {
    if (args.length > 0) write("log", format(args));
    groupIndent = deeper(groupIndent);
  },
  groupEnd: () => {
    groupIndent = slice(groupIndent, 2);
  },
  count: (name) => count(name),
  countReset: (name) => countReset(name),
  time: (name) => startTime(name),
  timeEnd: (name) => endTime(name),
  timeLog: (name, ...args) => logTime(name, args),
};
define(global, "console", consoleMethods, false);
