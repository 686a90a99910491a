// Calls down: what the program's functions have in common, whatever they are called.
//
// Invariants
//   P1  An error that came from below is an instance of one of the 27 classes, or an ordinary error; made here.
//   P2  What came from below has its declared methods and nothing else; the object itself is not reached through them.
//   P3  After the end of the run no call returns.

const NEVER = new Promise(() => {});

const isObject = (value) => typeof value === "object" && value !== null;

const isRecord = (value) => isObject(value) && [null, Object.prototype].includes(Object.getPrototypeOf(value));

/** A handle: an object of functions, and nothing but functions. */
function methodsOf(value) {
  if (!isObject(value) || Array.isArray(value)) return undefined;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => typeof value[name] === "function") ? names : undefined;
}

/** RepyV2 gives a tuple where a contract gives a record: its fields in this order. */
const TUPLES = { getconnection: ["ip", "port", "socket"], getmessage: ["ip", "port", "message"] };

const asTuple = (name, result) =>
  Object.hasOwn(TUPLES, name) && isRecord(result) ? TUPLES[name].map((field) => result[field]) : result;

/** `callers` remembers from where a call was made that failed: its error is made here, far from the program's text. */
export function createCalls({ turns, rebuild, state, callers }) {
  const wrappers = new WeakMap(); // what came from below to what the program sees
  const targets = new WeakMap(); // and back

  function wrapHandle(target, methods) {
    const known = wrappers.get(target);
    if (known !== undefined) return known;
    const wrapper = Object.create(null);
    for (const name of methods) wrapper[name] = down(async (...args) => asTuple(name, await target[name](...args)));
    wrappers.set(target, Object.freeze(wrapper));
    targets.set(wrapper, target);
    return wrapper;
  }

  /** What came is a copy already; handles in it become wrappers, cycles stay what they are. */
  function up(value, seen = new Map()) {
    const methods = methodsOf(value);
    if (methods !== undefined) return wrapHandle(value, methods);
    if (!Array.isArray(value) && !isRecord(value)) return value;
    if (seen.has(value)) return seen.get(value);
    const made = Array.isArray(value) ? [] : {};
    seen.set(value, made);
    for (const name of Object.keys(value)) made[name] = up(value[name], seen);
    return made;
  }

  const downward = (value) => (isObject(value) ? (targets.get(value) ?? value) : value);

  /** An async function of the program that calls down; it answers in a turn of the thread that called it. */
  function down(call) {
    return (...args) => {
      const thread = turns.current();
      if (state.isOver) return NEVER;
      const place = new Error();
      const failed = (error) => {
        const made = rebuild(error);
        if (made !== error) callers.set(made, place);
        return made;
      };
      return new Promise((resolve, reject) => {
        const answer = (settle, value) => {
          if (!state.isOver) turns.give(thread, () => settle(value));
        };
        const begin = async () => up(await call(...args.map(downward)));
        begin().then(
          (value) => answer(resolve, value),
          (error) => answer(reject, failed(error)),
        );
      });
    };
  }

  return { down };
}
