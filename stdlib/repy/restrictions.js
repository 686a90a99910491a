// Restrictions files of RepyV2, read as they are: lines `resource NAME VALUE`, `call ...` ignored, `#` begins a comment.
//
// The result is a Map from name to number, or to a Set of ports; it is complete: what is not named is 0 or empty.

// biome-ignore format: a table
export const RESOURCES = {
  cpu: "renewable",
  filewrite: "renewable",
  fileread: "renewable",
  netsend: "renewable",
  netrecv: "renewable",
  loopsend: "renewable",
  looprecv: "renewable",
  lograte: "renewable",
  random: "renewable",
  memory: "hard",
  diskused: "hard",
  events: "items",
  filesopened: "items",
  insockets: "items",
  outsockets: "items",
  messport: "ports",
  connport: "ports",
};

const MUST_BE_GIVEN = ["cpu", "memory", "diskused"];
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
/** Both port resources with every port are 131,070 lines. */
const MAX_LINES = 200_000;

function parseError(line, why) {
  const error = new Error(`line ${line}: ${why}`);
  return Object.assign(error, { name: "ResourceParseError", code: "E_RESOURCE_PARSE", line });
}

/** What is missing has no line of its own: it is missing from the whole file, so the error names the last one. */
function mathError(line, why) {
  const error = new Error(`line ${line}: ${why}`);
  return Object.assign(error, { name: "ResourceMathError", code: "E_RESOURCE_MATH", line });
}

/** Renewable values are floats, all others integers. */
function parseValue(kind, text, line) {
  const pattern = kind === "renewable" ? FLOAT : INTEGER;
  const value = pattern.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw parseError(line, `${JSON.stringify(text.slice(0, 40))} is not a number`);
  if (value < 0) throw parseError(line, `${value} is below zero`);
  if (kind !== "renewable" && !Number.isSafeInteger(value)) throw parseError(line, "the number is too large");
  return value;
}

function parsePort(text, line) {
  const port = parseValue("ports", text, line);
  if (port < 1 || port > 65_535) throw parseError(line, `${port} is not a port`);
  return port;
}

function readLine(limits, words, line) {
  if (words[0] === "call") return;
  if (words[0] !== "resource") throw parseError(line, `a line begins with "resource" or "call"`);
  if (words.length !== 3) throw parseError(line, "a resource line has three words");
  const [, name, text] = words;
  if (!Object.hasOwn(RESOURCES, name))
    throw parseError(line, `there is no resource ${JSON.stringify(name.slice(0, 40))}`);
  const kind = RESOURCES[name];
  if (kind === "ports") {
    if (!limits.has(name)) limits.set(name, new Set());
    limits.get(name).add(parsePort(text, line));
  } else if (limits.has(name)) throw parseError(line, `${name} is given twice`);
  else limits.set(name, parseValue(kind, text, line));
}

/** Throws ResourceParseError or ResourceMathError with `line`. */
export function parseRestrictions(text) {
  const lines = String(text).split(/\r\n|\r|\n/);
  if (lines.length > MAX_LINES) throw parseError(MAX_LINES, "too many lines");
  const limits = new Map();
  lines.forEach((whole, index) => {
    const words = whole
      .split("#")[0]
      .split(/\s+/)
      .filter((word) => word !== "");
    if (words.length > 0) readLine(limits, words, index + 1);
  });
  for (const name of MUST_BE_GIVEN) if (!limits.has(name)) throw mathError(lines.length, `${name} must be given`);
  for (const [name, kind] of Object.entries(RESOURCES))
    if (!limits.has(name)) limits.set(name, kind === "ports" ? new Set() : 0);
  return limits;
}
