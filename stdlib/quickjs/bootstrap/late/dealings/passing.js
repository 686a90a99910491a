// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// biome-ignore-all lint/suspicious/noGlobalAssign: they are this body's own names
// Late: capabilities that come and go in values. A handle that came is an object with the calls of its contract; what
// the guest sends is such an object again, or one of its own, which others call by a number.

const weakDelete = uncurry(raw.weakDelete);

const numbers = new WeakMap_(); // object of the guest -> { number, times }
let nextNumber = 0;

function facadeOf(handle) {
  // Its calls keep it, one by one as well: the handle lives as long as any of them.
  const holder = newHolder(handle);
  const calls = describeHandle(handle);
  const facade = {};
  for (let i = 0; i < calls.length; i++) {
    const name = calls[i][0];
    // One that is not to be awaited parks the guest where another guest answers it.
    const mode = calls[i][1] === "async" ? ASYNC_CALL : BLOCKING;
    define(facade, name, freeze(grantFunction(name, handle, i, mode | PASSES, holder)));
  }
  weakSet(handles, facade, handle);
  return freeze(facade);
}

/** A handle >= 0, the number of an object of the guest as -1 - number, or undefined for data. */
function passed(v) {
  const handle = weakGet(handles, v);
  if (handle !== undefined) return handle;
  return isOffered(v) ? -1 - numberOf(v) : undefined;
}

function numberOf(v) {
  let known = weakGet(numbers, v);
  if (known === undefined) {
    known = { __proto__: null, number: nextNumber++, times: 0 };
    weakSet(numbers, v, known);
    mapSet(objects, known.number, v);
  }
  known.times++;
  return known.number;
}

/** What can be called: a function, an instance of a class, a record with a function in it. No getter runs. */
function isOffered(v) {
  if (typeof v === "function") return true;
  if (kindOf(v) !== RECORD || isProxy(v)) return false;
  const prototype = getPrototypeOf(v);
  return prototype !== null && prototype !== Object_prototype ? true : hasFunction(v);
}

function hasFunction(v) {
  const keys = ownKeys(v);
  for (let i = 0; i < keys.length; i++)
    if (typeof getOwnPropertyDescriptor(v, keys[i])?.value === "function") return true;
  return false;
}

/** Nobody holds it any more; if it was sent again meanwhile, somebody does. */
function forget(number, times) {
  const v = mapGet(objects, number);
  const known = v === undefined ? undefined : weakGet(numbers, v);
  if (known === undefined) return;
  known.times -= times;
  if (known.times > 0) return;
  mapDelete(objects, number);
  weakDelete(numbers, v);
}

/** In a copy: others hold the original's objects. */
function forgetOffers() {
  mapForEach(objects, (v) => weakDelete(numbers, v));
  mapClear(objects);
}

/** Most calls are answered at once: nothing is made for them but their answer. */
function invoke(token, number, name, args) {
  let value;
  try {
    const target = mapGet(objects, number);
    value = apply(calledOn(target, name), target, args);
    const settled = isObject(value) ? promiseParts(value) : undefined;
    if (settled) {
      // One that was rejected has to be told that somebody listens.
      if (settled[0] !== FULFILLED) return answerLater(token, value);
      value = settled[1];
    } else if (isThenable(value)) return answerLater(token, value);
  } catch (error) {
    return answerFailure(token, error);
  }
  answerNow(token, value);
}

const FULFILLED = 1;
function answerLater(token, value) {
  const promise = promiseParts(value) ? value : construct(Promise_, [(resolve) => resolve(value)]);
  whenSettled(
    promise,
    (v) => answerNow(token, v),
    (error) => answerFailure(token, error),
  );
}

function answerNow(token, value) {
  try {
    answer(token, true, value, true);
  } catch (error) {
    // Not with the code that tells callers of bad arguments: what cannot cross is this guest's own fault.
    answerFailure(token, new TypeError_(asText(peek(error, "message"), "")));
  }
}

function calledOn(target, name) {
  const method = target?.[name];
  if (typeof method === "function") return method;
  if (typeof target === "function") return target;
  throw new TypeError_(name + " is not a function of what this guest has offered");
}
