// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Late: what of the console goes beyond lines of text. In the manner of Node.

const MAX_GROUP_INDENT = 40;
const counts = new Map_(),
  timers = new Map_();

/** With the printf-like marks that Node knows. */
function formatMarks(args) {
  const first = substitute(args);
  return formatFrom(args, min(args.length, substituted + 1), [first]);
}

let substituted = 0;

function substitute(args) {
  const pattern = args[0];
  let out = "";
  substituted = 0;
  for (let at = 0; at < pattern.length; ) {
    const mark = indexOf(pattern, "%", at);
    if (mark < 0 || mark === pattern.length - 1) return out + slice(pattern, at);
    const text = directive(pattern[mark + 1], args);
    out += slice(pattern, at, mark) + (text ?? slice(pattern, mark, mark + 2));
    at = mark + 2;
  }
  return out;
}

function directive(letter, args) {
  if (letter === "%") return "%";
  if (indexOf("sdifjoOc", letter) < 0 || substituted + 1 >= args.length) return undefined;
  const v = args[++substituted];
  if (letter === "c") return "";
  if (letter === "s") return show(v);
  if (letter === "j" || letter === "o" || letter === "O") return inspect(v);
  if (isObject(v) || typeof v === "symbol") return "NaN";
  return typeof v === "bigint" ? v + "n" : String_(letter === "f" || letter === "d" ? +v : v - (v % 1));
}

/** Rows as Node's console.table draws them; what is not a list of rows is logged plainly. */
function tableText(rows) {
  if (!isObject(rows) || isProxy(rows)) return undefined;
  const columns = ["(index)"],
    lines = [];
  const keys = ownKeys(rows);
  for (let i = 0; i < keys.length && i < MAX_ITEMS; i++) {
    if (typeof keys[i] !== "string" || !getOwnPropertyDescriptor(rows, keys[i]).enumerable) continue;
    append(lines, tableRow(keys[i], getOwnPropertyDescriptor(rows, keys[i]).value, columns));
  }
  return drawTable(columns, lines);
}

function tableRow(index, row, columns) {
  const cells = new Map_();
  mapSet(cells, "(index)", index);
  if (!isObject(row) || isProxy(row)) {
    tableCell(cells, "Values", row, columns);
    return cells;
  }
  const keys = ownKeys(row);
  for (let i = 0; i < keys.length && i < MAX_ITEMS; i++) {
    const property = getOwnPropertyDescriptor(row, keys[i]);
    if (typeof keys[i] === "string" && property?.enumerable) tableCell(cells, keys[i], property.value, columns);
  }
  return cells;
}

function tableCell(cells, name, value, columns) {
  mapSet(cells, name, inspect(value));
  for (let i = 0; i < columns.length; i++) if (columns[i] === name) return;
  append(columns, name);
}

function drawTable(columns, lines) {
  const widths = [];
  for (let c = 0; c < columns.length; c++) {
    let width = columns[c].length;
    for (let i = 0; i < lines.length; i++) width = max(width, (mapGet(lines[i], columns[c]) ?? "").length);
    append(widths, width);
  }
  const rule = (left, middle, right) =>
    left +
    join(
      eachColumn(widths, (w) => repeat("─", w + 2)),
      middle,
    ) +
    right;
  const out = [rule("┌", "┬", "┐"), drawRow(columns, widths, (name) => name), rule("├", "┼", "┤")];
  for (let i = 0; i < lines.length; i++)
    append(
      out,
      drawRow(columns, widths, (name) => mapGet(lines[i], name) ?? ""),
    );
  append(out, rule("└", "┴", "┘"));
  return join(out, "\n");
}

function eachColumn(list, fn) {
  const out = [];
  for (let i = 0; i < list.length; i++) append(out, fn(list[i], i));
  return out;
}

const padEnd = uncurry(raw.padEnd),
  repeat = uncurry(raw.repeat);
const drawRow = (columns, widths, cell) =>
  "│ " +
  join(
    eachColumn(columns, (name, i) => padEnd(cell(name), widths[i])),
    " │ ",
  ) +
  " │";

const label = (v) => (v === undefined ? "default" : slice(show(v), 0, MAX_ITEMS));

function traceConsole(args) {
  const frames = framesOf(stackOf(new Error_()));
  write("error", "Trace: " + format(args) + "\n" + stackText(frames));
}

function elapsed(name) {
  const start = mapGet(timers, name);
  return start === undefined ? undefined : name + ": " + (timeNow() - start) + " ms";
}

const deeper = (indent) => (indent.length < MAX_GROUP_INDENT ? indent + "  " : indent);

function count(name) {
  const n = (mapGet(counts, label(name)) ?? 0) + 1;
  mapSet(counts, label(name), n);
  write("log", label(name) + ": " + n);
}

const countReset = (name) => void mapDelete(counts, label(name));
const startTime = (name) => void mapSet(timers, label(name), timeNow());

function endTime(name) {
  const text = elapsed(label(name));
  mapDelete(timers, label(name));
  if (text) write("log", text);
}

function logTime(name, args) {
  const text = elapsed(label(name));
  if (text) write("log", args.length === 0 ? text : text + " " + format(args));
}
