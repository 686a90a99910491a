// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Time, timers and randomness, all by system grants. Before they are configured time stands still, timers are refused
// and Math.random gives one fixed number, so that an image made at build time is the same every time.

let now = () => 0;
const timeNow = () => now();
let sleep;
let randomBytes;
let timeOrigin = 0;

const RANDOM_BLOCK = 512; // bytes fetched at a time, 8 per number
let block = new Uint8Array_(0);
let blockAt = 0;

/** Forgets the random bytes at hand: two forks of one image must not share them. Needs no memory: it cannot fail. */
function reseed() {
  blockAt = RANDOM_BLOCK;
}

function random() {
  if (!randomBytes) return 0.5;
  if (blockAt + 8 > block.length) refillRandom();
  let high = 0,
    low = 0;
  for (let i = 0; i < 3; i++) high = high * 256 + block[blockAt + i];
  for (let i = 3; i < 7; i++) low = low * 256 + block[blockAt + i];
  blockAt += 8;
  // 53 bits: 21 of the first three bytes and all 32 of the next four.
  return ((high >>> 3) * 4294967296 + low) / 9007199254740992;
}

function refillRandom() {
  const bytes = randomBytes(RANDOM_BLOCK);
  block = bytes;
  blockAt = 0;
}

define(Math, "random", { random: () => random() }.random, false);
define(
  global,
  "performance",
  {
    now: () => now() - timeOrigin,
    get timeOrigin() {
      return timeOrigin;
    },
  },
  false,
);

const tasks = new Map_(); // id to { id, fn, args, delay, repeats, due, sleeps }
let lastTimer = 0;
const MAX_DELAY = 2147483647;

function startTimer(fn, delay, args, repeats) {
  if (typeof fn !== "function") throw new TypeError_("The timer's callback must be a function");
  if (!sleep) throw new Error_("Timers are not granted");
  const ms = +delay;
  const id = ++lastTimer;
  const delayed = ms >= 1 && ms <= MAX_DELAY ? floor(ms) : 1;
  const task = { __proto__: null, id, fn, args, delay: delayed, repeats, due: 0, sleeps: 0 };
  mapSet(tasks, id, task);
  arm(task, task.delay);
  return id;
}

/** A clock that is refused is no reason to refuse timers. */
function timeOr(otherwise) {
  try {
    return now();
  } catch {
    return otherwise;
  }
}

function arm(task, delay) {
  const sleeps = ++task.sleeps;
  task.due = timeOr(0) + delay;
  const slept = sleep(delay);
  const wake = () => wakeUp(task, sleeps);
  // A refused or revoked sleep ends the timer: it can never fire.
  if (promiseParts(slept)) whenSettled(slept, wake, () => task.sleeps === sleeps && mapDelete(tasks, task.id));
  else queueJob(wake);
}

/** What a callback throws is reported like an unhandled rejection; the timer goes on. */
function wakeUp(task, sleeps) {
  if (mapGet(tasks, task.id) !== task || task.sleeps !== sleeps) return;
  if (!task.repeats) mapDelete(tasks, task.id);
  try {
    apply(task.fn, undefined, task.args);
  } finally {
    if (task.repeats && mapGet(tasks, task.id) === task) arm(task, task.delay);
  }
}

const settledNow = construct(Promise_, [(resolve) => resolve(undefined)]);
const queueJob = (fn) => void whenSettled(settledNow, () => void fn(), undefined);

const globals = {
  setTimeout: (fn, delay, ...args) => startTimer(fn, delay, args, false),
  setInterval: (fn, delay, ...args) => startTimer(fn, delay, args, true),
  setImmediate: (fn, ...args) => startTimer(fn, 0, args, false),
  clearTimeout: (id) => void mapDelete(tasks, id),
  clearInterval: (id) => void mapDelete(tasks, id),
  clearImmediate: (id) => void mapDelete(tasks, id),
  queueMicrotask: (fn) => {
    if (typeof fn !== "function") throw new TypeError_("The microtask must be a function");
    queueJob(fn);
  },
};
for (const name of Object.keys(globals)) define(global, name, globals[name], false);

// What the engine has that a guest shall not: shared memory, and leftovers of the engine's own shell.
for (const name of [
  "SharedArrayBuffer",
  "Atomics",
  "WebAssembly",
  "navigator",
  "gc",
  "print",
  "std",
  "os",
  "bjson",
  "scriptArgs",
]) {
  Reflect.deleteProperty(global, name);
}
