// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Requests: CONFIGURE and RUN of abi.ts; for the others see late/requests.js.

const MODULE_FLAG = 1,
  BARRIER = 64,
  ASYNC = 128;
const CONFIGURE = 0,
  RUN = 1,
  CALL = 2,
  CHECK = 3,
  DRAIN = 4,
  OFFER = 5;
const answers = []; // finished requests: { token, ok, value, explicit }
const drains = []; // tokens of requests that wait until no timer is set
const rejections = new Map_(); // promises rejected with nobody listening -> reason
const sources = new Map_(); // name of a module -> source that the engine has not asked for yet
let loadSource;
const moduleLoader = () => loadSource;

function finish(token, ok, value, shape, omissible, passes) {
  wantFlush();
  append(answers, { __proto__: null, token, ok, value, shape, omissible, passes });
}

function request(token, method, value) {
  const asked = isObject(value) ? value : {};
  try {
    if (method === CONFIGURE) finish(token, true, configure(asked), asIs);
    else if (method === RUN) run(token, asked);
    else if (method === CALL) callGlobal(token, asked);
    else if (method === DRAIN) drain(token);
    else if (method === OFFER) finish(token, true, takeDeclared(), asValue, false, true);
    else if (method === CHECK) finish(token, true, check(asText(asked.source, ""), asText(asked.name, "")), asIs);
    else throw new TypeError_("unknown method " + method);
  } catch (error) {
    finish(token, false, error);
  }
}

function drain(token) {
  wantFlush();
  append(drains, token);
}

// How a finished value is answered, the first shape that can cross.
const asIs = (v) => v;
const asValue = (v) => (v === undefined ? {} : { value: v });

/**
 * Answers what has finished; true when there was something, for answering may run guest code again; false when it need
 * not be asked again until `wantFlush`.
 */
function flush() {
  endDrains();
  // Within a run a rejection may still find its handler; at its end, or outside of one, it has none.
  if (mapSize(rejections) > 0 && (answers.length > 0 || openCount() === 0)) reportRejections();
  if (answers.length === 0) return drains.length > 0 || mapSize(rejections) > 0 ? undefined : false;
  const batch = answers.length;
  for (let i = 0; i < batch; i++) answerOne(answers[i]);
  removeFirst(answers, batch);
  collectIfWanted();
  return true;
}

function endDrains() {
  if (drains.length === 0 || mapSize(tasks) > 0) return;
  for (let i = 0; i < drains.length; i++) finish(drains[i], true, undefined, asIs);
  removeFirst(drains, drains.length);
}

const splice = uncurry(Array.prototype.splice);
const removeFirst = (list, n) => void splice(list, 0, n);

function answerOne(entry) {
  if (!entry.ok) return answerFailure(entry.token, entry.value);
  try {
    answer(entry.token, true, entry.shape(entry.value), entry.passes === true);
  } catch (error) {
    answerFailure(entry.token, error, entry);
  }
}

function answerFailure(token, thrown, entry) {
  try {
    answerError(token, thrown, entry);
  } catch {
    answerOutOfMemory(token);
  }
}

let wantsCollection = false;
const collectLater = () => {
  wantsCollection = true;
};
const internalErrorPrototype = InternalError.prototype;

function collectIfWanted() {
  if (!wantsCollection) return;
  wantsCollection = false;
  collect();
}

function onRejection(promise, reason, handled) {
  wantFlush();
  if (handled) mapDelete(rejections, promise);
  else mapSet(rejections, promise, reason);
}

// CONFIGURE

// Of the domain's memory: what the engine and the adapter occupy before any guest code, and the part of the rest that
// the engine may count as used, for its count leaves out the allocator's headers and gaps and the adapter's buffers.
const FIXED_MEMORY = 983040; // bytes
const HEAP_SHARE = 0.8;

function configure(asked) {
  reseed();
  const system = asked.system ?? {};
  const offset = asked.options?.timeZoneOffset;
  if (offset !== undefined) configureTimeZone(floor(+offset * 60) | 0);
  const stack = asked.options?.stack;
  if (typeof stack === "number") setStackLimit(stack);
  if (asked.options?.serves === true) serve();
  const memory = asked.options?.memory;
  if (typeof memory === "number" && memory > FIXED_MEMORY) setMemoryLimit(floor((memory - FIXED_MEMORY) * HEAP_SHARE));
  configureNatives(system);
  const grants = asked.grants ?? {};
  const names = ownKeys(grants);
  for (let i = 0; i < names.length; i++) define(global, names[i], grantObject(names[i], grants[names[i]]), false);
}

function configureNatives(system) {
  now = systemCall(system, "clock", "now") ?? now;
  sleep = systemCall(system, "timers", "sleep") ?? sleep;
  randomBytes = systemCall(system, "random", "bytes") ?? randomBytes;
  writeConsole = systemCall(system, "console", "write") ?? writeConsole;
  loadSource = systemCall(system, "modules", "load", true) ?? loadSource;
  const clock = system.clock,
    bytes = system.random;
  if (clock) configureSystem(1, clock.handle, clock.calls.now.method);
  if (bytes) configureSystem(2, bytes.handle, bytes.calls.bytes.method);
  timeOrigin = now();
}

/** A system grant's call, or undefined when it is not granted. Modules are loaded while the engine waits. */
function systemCall(system, name, call, blocking = false) {
  const grant = system[name];
  if (!grant) return undefined;
  const { method, mode } = grant.calls[call];
  return grantFunction(call, grant.handle, method, blocking ? BLOCKING : mode === "blocking" ? BLOCKING : 0);
}

function grantObject(name, grant) {
  const calls = grant.calls;
  const keys = ownKeys(calls);
  if (keys.length === 1 && keys[0] === "") return grantCall(name, grant.handle, calls[""]);
  const object = {};
  for (let i = 0; i < keys.length; i++) define(object, keys[i], grantCall(keys[i], grant.handle, calls[keys[i]]));
  weakSet(handles, object, grant.handle);
  return freeze(object);
}

const grantCall = (name, handle, call) =>
  freeze(grantFunction(name, handle, call.method, modeOf(call.mode) | (call.passes ? PASSES : 0)));

// RUN

function run(token, asked) {
  const name = asText(asked.name, "script.js");
  const source = asText(asked.source, "");
  mapClear(sources);
  defineInputs(asked.inputs);
  const offers = asked.offers;
  if (asked.kind === "module") return runModule(token, source, name, offers);
  const script = evaluate(source, name, 1, scriptFlags(source));
  if (script[0]) return settleScript(token, script[1], source, offers);
  if (asked.kind === "script" || !isSyntaxError(script[1])) throw script[1];
  runOther(token, source, name, script[1], offers);
}

function defineInputs(inputs) {
  if (!isObject(inputs)) return;
  const keys = ownKeys(inputs);
  for (let i = 0; i < keys.length; i++) define(global, keys[i], inputs[keys[i]]);
}

// Only a source that says `await` needs the machinery that makes a promise of the whole script.
const usesAwait = (source) => indexOf(source, "await") >= 0;
const scriptFlags = (source) => BARRIER | (usesAwait(source) ? ASYNC : 0);
const isSyntaxError = (error) => isError(error) && getPrototypeOf(error) === syntaxErrorPrototype;

function settleScript(token, result, source, offers) {
  // An async script fulfils with { value }, so that a thenable completion value is not taken for its end.
  if (!usesAwait(source)) return settle(token, result, true, offers);
  whenSettled(
    result,
    guarded(token, (box) => settle(token, box.value, true, offers)),
    failing(token),
  );
}

/** Not a script: a function body (it says `return`) or a module (it says `import` or `export`). */
function runOther(token, source, name, scriptError, offers) {
  const body = compileBody(source, name);
  if (body.start) return settle(token, body.start(), false, offers);
  try {
    runModule(token, source, name, offers);
  } catch (error) {
    throw isSyntaxError(error) ? furthest([scriptError, body.error, error], name) : error;
  }
}

// Two lines go before the body. The engine takes line 0 to mean "not given", so they are the lines -1 and 0.
const BEFORE = -1;
const asDeclaration = (source) => "async function f\n(){\n" + source + "\n}";
const asMethod = (source) => '({async "<eval>"\n(){\n' + source + "\n}})";

/**
 * Compiles source as the body of an async function, and only if it is one. A body that closes the function early and
 * opens another (`}); evil(); (() => {`) must fit two contexts at once: after a method only `,` or `}` may follow,
 * after a function declaration neither can begin a statement. So what both accept has not left its braces.
 */
function compileBody(source, name) {
  try {
    compile(asDeclaration(source), name, BEFORE, 0);
  } catch (error) {
    return { __proto__: null, error };
  }
  const made = evaluate(asMethod(source), name, BEFORE, BARRIER);
  if (!made[0]) return { __proto__: null, error: made[1] };
  const fn = made[1]["<eval>"];
  return { __proto__: null, start: () => apply(fn, undefined, []) };
}

function runModule(token, source, name, offers) {
  const started = startModule(source, name);
  const namespace = started[1];
  const exported = () => settle(token, has(namespace, "default") ? namespace.default : undefined, false, offers);
  whenSettled(started[0], guarded(token, exported), failing(token));
}

/** Ends a request with a value once it is settled. `omissible`: a completion value, which may be one that cannot cross. */
function settle(token, value, omissible, offers) {
  const isDeclared = offers === "declared";
  const shape = isDeclared ? declare : asValue;
  const done = (v) => finish(token, true, v, shape, omissible && !isDeclared, offers === true);
  awaitValue(token, value, done);
}

function awaitValue(token, value, done) {
  if (promiseParts(value)) whenSettled(value, guarded(token, done), failing(token));
  else if (isThenable(value))
    whenSettled(construct(Promise_, [(resolve) => resolve(value)]), guarded(token, done), failing(token));
  else done(value);
}

const failing = (token) => guarded(token, (error) => finish(token, false, error));

/** A callback that ends its request whatever goes wrong in it: a getter of the guest, or memory. */
const guarded = (token, fn) => (v) => {
  try {
    fn(v);
  } catch (error) {
    finishSafely(token, error);
  }
};

function finishSafely(token, error) {
  try {
    finish(token, false, error);
  } catch {
    answerOutOfMemory(token);
  }
}

/** An object with a `then` of its own kind: one that a guest put on Object.prototype makes no promise of everything. */
function isThenable(v) {
  return isObject(v) && typeof v.then === "function" && v.then !== peek(Object_prototype, "then");
}

const Object_prototype = Object.prototype;

/**
 * This guest is a copy: what others asked of the original, and hold of it, is the original's. Every fork pays for this:
 * what is seldom needed is late.
 */
function forked() {
  reseed();
  if (mapSize(objects) > 0) forgetOffers();
  answers.length = 0;
  drains.length = 0;
  if (mapSize(tasks) > 0) rearmTimers();
}
