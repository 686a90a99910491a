// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Late: values as text for people, in the manner of Node's util.inspect. Getters are not called, proxies are not entered,
// and depth, length and total size are bounded: what a guest logs is bounded work and bounded text.

const setSize = uncurry(raw.setSize),
  setHas = uncurry(raw.setHas),
  setDelete = uncurry(raw.setDelete),
  charCodeAt = uncurry(raw.charCodeAt),
  dateText = uncurry(raw.dateText),
  symbolText = uncurry(raw.symbolText),
  functionText = uncurry(raw.functionText);

const MAX_INSPECT_DEPTH = 4,
  MAX_STRING = 10000,
  LINE_WIDTH = 76;

const NEEDS_ESCAPE = /[\x00-\x1f\x7f\\'"]/;

function quote(text) {
  if (!test(NEEDS_ESCAPE, text)) return "'" + text + "'";
  const mark = indexOf(text, "'") < 0 ? "'" : indexOf(text, '"') < 0 ? '"' : "'";
  const out = [];
  for (let i = 0; i < text.length; i++) append(out, quoteCharacter(text[i], mark));
  return mark + join(out, "") + mark;
}

function quoteCharacter(c, mark) {
  if (c === mark) return "\\" + c;
  const code = charCodeAt(c, 0);
  if (code >= 32 && code !== 127 && c !== "\\") return c;
  const known = indexOf("\n\r\t\b\f\\", c);
  return known >= 0 ? "\\" + "nrtbf\\"[known] : "\\x" + padStart(numberToString(code, 16), 2, "0");
}

function inspect(value) {
  return cut(inspectAt(value, { __proto__: null, depth: 0, seen: new Set_(), left: MAX_TEXT }), MAX_TEXT);
}

function inspectAt(value, state) {
  const text = isObject(value) ? inspectObject(value, state) : inspectPrimitive(value);
  state.left -= text.length;
  return text;
}

function inspectPrimitive(value) {
  if (typeof value === "string") return cut(quote(slice(value, 0, MAX_STRING)), MAX_STRING);
  if (typeof value === "symbol") return symbolText(value);
  if (typeof value === "bigint") return cut(String_(value), MAX_STRING) + "n";
  return is(value, -0) ? "-0" : String_(value);
}

function inspectObject(value, state) {
  if (isProxy(value)) return "[Proxy]";
  if (setHas(state.seen, value)) return "[Circular]";
  const kind = kindOf(value);
  if (kind === ERROR) return inspectError(value, state);
  if (state.depth > MAX_INSPECT_DEPTH || state.left < 0) return isArray(value) ? "[Array]" : "[" + classOf(value) + "]";
  setAdd(state.seen, value);
  state.depth++;
  const text = inspectContent(value, kind, state);
  state.depth--;
  setDelete(state.seen, value);
  return text;
}

function inspectError(error, state) {
  const parts = errorPlace(error);
  const head = parts.message === "" ? parts.name : parts.name + ": " + parts.message;
  const text = parts.stack ? head + "\n" + parts.stack : head;
  const cause = getOwnPropertyDescriptor(error, "cause");
  if (!cause || !("value" in cause) || state.depth > MAX_INSPECT_DEPTH) return text;
  state.depth++;
  const inner = inspectAt(cause.value, state);
  state.depth--;
  return text + " {\n  [cause]: " + inner + "\n}";
}

function inspectContent(value, kind, state) {
  if (typeof value === "function") return braces(functionName(value), "{", "}", fields(value, state, []), true);
  if (kind === ARRAY) return braces("", "[", "]", fields(value, state, elements(value, value.length, state)));
  if (kind === TYPED)
    return braces(classOf(value) + "(" + value.length + ") ", "[", "]", elements(value, value.length, state));
  if (kind === MAP)
    return braces("Map(" + mapSize(value) + ") ", "{", "}", fields(value, state, mapItems(value, state)));
  if (kind === SET)
    return braces("Set(" + setSize(value) + ") ", "{", "}", fields(value, state, setItems(value, state)));
  if (kind === DATE) return is(dateValue(value), NaN) ? "Invalid Date" : dateText(value);
  if (kind === REGEXP) return "/" + regExpSource(value) + "/" + regExpFlags(value);
  const promise = promiseParts(value);
  if (promise) return braces("Promise ", "{", "}", [promiseItem(promise, state)]);
  const name = kind === RECORD ? recordName(value) : classOf(value) + " ";
  return braces(name, "{", "}", fields(value, state, []));
}

function recordName(value) {
  if (getPrototypeOf(value) === null) return "[Object: null prototype] ";
  const name = classOf(value);
  return name === "Object" ? "" : name + " ";
}

function functionName(fn) {
  const name = getOwnPropertyDescriptor(fn, "name")?.value;
  const isClass = slice(functionText(fn), 0, 5) === "class";
  return (
    "[" +
    (isClass ? "class" : "Function") +
    (typeof name === "string" && name !== "" ? "" + (isClass ? " " : ": ") + name : " (anonymous)") +
    "]"
  );
}

function promiseItem(promise, state) {
  if (promise[0] === 0) return "<pending>";
  const text = inspectAt(promise[1], state);
  return promise[0] === 1 ? text : "<rejected> " + text;
}

function elements(value, length, state) {
  const items = [];
  for (let i = 0; i < min(length, MAX_ITEMS) && state.left > 0; i++) append(items, element(value, i, state));
  if (length > MAX_ITEMS) append(items, "... " + (length - MAX_ITEMS) + " more items");
  return items;
}

function element(value, i, state) {
  const property = getOwnPropertyDescriptor(value, i);
  return property ? propertyText(property, state) : "<empty>";
}

function propertyText(property, state) {
  if ("value" in property) return inspectAt(property.value, state);
  return property.get ? (property.set ? "[Getter/Setter]" : "[Getter]") : "[Setter]";
}

function mapItems(map, state) {
  const items = [];
  let n = 0;
  mapForEach(map, (value, key) => {
    if (n++ < MAX_ITEMS && state.left > 0) append(items, inspectAt(key, state) + " => " + inspectAt(value, state));
  });
  if (n > MAX_ITEMS) append(items, "... " + (n - MAX_ITEMS) + " more items");
  return items;
}

function setItems(set, state) {
  const items = [];
  let n = 0;
  setForEach(set, (value) => {
    if (n++ < MAX_ITEMS && state.left > 0) append(items, inspectAt(value, state));
  });
  if (n > MAX_ITEMS) append(items, "... " + (n - MAX_ITEMS) + " more items");
  return items;
}

const isIndex = (key) =>
  typeof key === "string" && key !== "" && charCodeAt(key, 0) <= 57 && String_(key >>> 0) === key;

/** Appends the enumerable own properties that are not elements. */
function fields(value, state, items) {
  const list = kindOf(value) === ARRAY;
  const keys = ownKeys(value);
  let shown = 0;
  for (let i = 0; i < keys.length && state.left > 0; i++) {
    const property = getOwnPropertyDescriptor(value, keys[i]);
    if (!property?.enumerable || (list && isIndex(keys[i]))) continue;
    if (shown++ < MAX_ITEMS) append(items, keyText(keys[i]) + ": " + propertyText(property, state));
  }
  if (shown > MAX_ITEMS) append(items, "... " + (shown - MAX_ITEMS) + " more properties");
  return items;
}

function keyText(key) {
  if (typeof key === "symbol") return "[" + symbolText(key) + "]";
  return test(/^[A-Za-z_$][\w$]*$/, key) ? key : quote(slice(key, 0, MAX_STRING));
}

function braces(prefix, open, close, items, bare = false) {
  if (items.length === 0) return bare ? prefix : "" + prefix + open + close;
  const line = join(items, ", ");
  const start = bare ? prefix + " " : prefix;
  if (line.length + start.length <= LINE_WIDTH && indexOf(line, "\n") < 0)
    return "" + start + open + " " + line + " " + close;
  return "" + start + open + "\n  " + indent(join(items, ",\n")) + "\n" + close;
}

function indent(text) {
  const lines = [];
  for (let at = 0; at <= text.length; ) {
    let end = indexOf(text, "\n", at);
    if (end < 0) end = text.length;
    append(lines, slice(text, at, end));
    at = end + 1;
  }
  return join(lines, "\n  ");
}
