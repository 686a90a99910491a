// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Late: what of a guest's error crosses, what becomes of an error from below, and the error for a value that cannot.

const lastIndexOf = uncurry(raw.lastIndexOf);

const MAX_FRAMES = 50;

/** One line of a stack: { at, file, line, column }, or undefined when it is not a guest's. */
function parseFrame(text) {
  let place = text;
  if (text[text.length - 1] === ")") place = slice(text, lastIndexOf(text, " (") + 2, -1);
  else if (slice(text, 0, 7) === "    at ") place = slice(text, 7);
  const second = lastIndexOf(place, ":");
  const first = second > 0 ? lastIndexOf(place, ":", second - 1) : -1;
  const line = +slice(place, first + 1, second);
  const column = +slice(place, second + 1);
  const file = slice(place, 0, first);
  if (first < 1 || !isInteger(line) || !isInteger(column) || file === FILE) return undefined;
  return { text, file, line, column };
}

/** The guest's frames of a stack. */
function framesOf(stack) {
  const frames = [];
  if (typeof stack !== "string") return frames;
  for (let at = 0; at < stack.length && frames.length < MAX_FRAMES; ) {
    let end = indexOf(stack, "\n", at);
    if (end < 0) end = stack.length;
    const frame = parseFrame(slice(stack, at, end));
    if (frame) append(frames, frame);
    at = end + 1;
  }
  return frames;
}

function stackText(frames) {
  const lines = [];
  for (let i = 0; i < frames.length; i++) append(lines, frames[i].text);
  return join(lines, "\n");
}

/** Errors made to stand for others: what errorPlace said of those. */
const places = new WeakMap_();

/** { name, message, code?, stack?, fileName?, line?, column?, cause?, errors?, thrown? } of an error. */
function errorParts(error) {
  const stand = weakGet(places, error);
  if (stand) return stand;
  const parts = errorPlace(error);
  if (getOwnPropertyDescriptor(error, "cause")) define(parts, "cause", peek(error, "cause"));
  const errors = getOwnPropertyDescriptor(error, "errors");
  if (errors && isArray(errors.value)) define(parts, "errors", errors.value);
  const thrown = getOwnPropertyDescriptor(error, "thrown");
  if (thrown && "value" in thrown) define(parts, "thrown", thrown.value);
  return parts;
}

function errorPlace(error) {
  const parts = { name: asText(peek(error, "name"), "Error"), message: asText(peek(error, "message"), "") };
  const code = peek(error, "code");
  if (typeof code === "string" || typeof code === "number") define(parts, "code", code);
  const frames = framesOf(stackOf(error));
  if (frames.length === 0) return parts;
  define(parts, "stack", stackText(frames));
  define(parts, "fileName", frames[0].file);
  define(parts, "line", frames[0].line);
  define(parts, "column", frames[0].column);
  return parts;
}

/** An error that says the same in text alone, for one whose cause or thrown value cannot cross. */
function plainError(error) {
  const plain = new Error_();
  weakSet(places, plain, errorPlace(error));
  return plain;
}

/** Makes the error that came from below out of its fields; its own stack stays, for the guest made that. */
function fillError(error, fields) {
  if (!isObject(fields)) return;
  const name = asText(fields.name, "Error");
  const prototype = mapGet(errorPrototypes, name);
  if (prototype) setPrototypeOf(error, prototype);
  else define(error, "name", name, false);
  define(error, "message", asText(fields.message, ""), false);
  const keys = ownKeys(fields);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (key !== "name" && key !== "message" && key !== "stack") define(error, key, fields[key], key !== "cause");
  }
}

const REASON_KIND = 1,
  REASON_DEPTH = 2;

function describe(v) {
  if (typeof v === "function") return "a function";
  if (typeof v === "symbol") return "a symbol";
  if (isProxy(v)) return "a Proxy";
  if (promiseParts(v)) return "a Promise";
  return "an instance of " + classOf(v);
}

/** The name of an object's class, without running the guest's code. */
function classOf(v) {
  for (let p = v, steps = 0; p !== null && !isProxy(p) && steps < 100; p = getPrototypeOf(p), steps++) {
    const maker = getOwnPropertyDescriptor(p, "constructor")?.value;
    if (typeof maker !== "function" || isProxy(maker)) continue;
    const name = getOwnPropertyDescriptor(maker, "name")?.value;
    if (typeof name === "string" && name !== "") return slice(name, 0, 100);
  }
  return "a class";
}

/** `steps` is the path from the culprit outwards and then the reason. */
function refuse(culprit, steps) {
  const reason = steps[steps.length - 1];
  let path = "";
  for (let i = steps.length - 2; i >= 0; i--) path += step(steps[i], path === "");
  if (path[0] === ".") path = slice(path, 1);
  const where = path === "" ? "" : " at " + slice(path, 0, 300);
  if (reason === REASON_DEPTH) return valueError("the value is nested too deeply" + (where.length > 60 ? "" : where));
  const what = reason === REASON_KIND ? describe(culprit) : "a bigint of more than 4 KiB";
  return valueError("cannot pass " + what + where);
}

function step(key, first) {
  if (typeof key === "number") return first ? "args[" + key + "]" : "[" + key + "]";
  return test(/^[A-Za-z_$][\w$]*$/, key) ? "." + key : "[" + quote(key) + "]";
}

function valueError(message) {
  const error = new TypeError_("E_VALUE: " + message);
  define(error, "code", "E_VALUE");
  return error;
}

/** Errors of the adapter's own, by the numbers of `adapter/state.ts`. */
function strayError(why) {
  if (why === 0)
    return codedError(
      "E_CANNOT_WAIT",
      "E_CANNOT_WAIT: this host cannot suspend a guest; await the call under mode async",
    );
  if (why === 3) return codedError("E_FORKED", "the call stayed with the original of this copy");
  return valueError(why === 1 ? "the value that came is malformed" : "the value that came is nested too deeply");
}

function codedError(code, message) {
  const error = new Error_(message);
  define(error, "code", code);
  return error;
}

/** A thrown value as an error that can cross: errors are themselves, anything else is carried as `thrown`. */
function asError(thrown) {
  if (isError(thrown)) return thrown;
  const error = new Error_(inspect(thrown));
  define(error, "name", "Thrown", false);
  define(error, "thrown", thrown);
  return error;
}

/** Out of memory the engine throws its InternalError, or null where it cannot even make that. */
function noteMemory(thrown) {
  if (thrown === null || (isError(thrown) && getPrototypeOf(thrown) === internalErrorPrototype)) collectLater();
}

function answerError(token, thrown, entry) {
  noteMemory(thrown);
  try {
    if (entry?.omissible && peek(thrown, "code") === "E_VALUE") return answer(token, true, { omitted: true });
    return answer(token, false, asError(thrown));
  } catch {
    answer(token, false, plainError(asError(thrown)));
  }
}

function reportRejections() {
  const reasons = [];
  mapForEach(rejections, (reason) => append(reasons, reason));
  mapClear(rejections);
  for (let i = 0; i < reasons.length; i++) write("error", "Uncaught (in promise) " + show(asError(reasons[i])));
}

/**
 * Of the syntax errors of several attempts the one whose attempt got furthest; the earlier attempt wins a tie. One in
 * another file is in an imported module, so the source itself was fine.
 */
function furthest(errors, name) {
  let best = errors[0],
    bestAt = -1;
  for (let i = 0; i < errors.length; i++) {
    const frame = isSyntaxError(errors[i]) ? framesOf(stackOf(errors[i]))[0] : undefined;
    const at = !frame ? -1 : frame.file === name ? frame.line * 1000000 + frame.column : Infinity;
    if (at <= bestAt) continue;
    best = errors[i];
    bestAt = at;
  }
  return best;
}
