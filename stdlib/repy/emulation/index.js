// RepyV2's 20 functions over capabilities of Cordon. Runs in a layer of its own: the program above has this table only.
//
// Invariants
//   E1  Every call checks its arguments before anything else, and then in the order that contracts.js lists.
//   E2  A call either answers, refuses with an error of the tree, or ends the run; nothing else passes (W16).
//   E3  After the end of the run no call has an effect or an answer.
import { isRepyError } from "../errors.js";
import { parseRestrictions } from "../restrictions.js";
import { argument, checkNumber, checkString } from "./check.js";
import { createConnections } from "./connections.js";
import { createDisk } from "./disk.js";
import { createFiles } from "./files.js";
import { createLife } from "./life.js";
import { createNanny } from "./nanny.js";
import { createMessages, createNames } from "./network.js";
import { translate } from "./refusals.js";
import { createlock, createThreads, MAIN_THREAD } from "./threads.js";
import { createTime } from "./time.js";

const RANDOM_BYTES = 1_024;
const LOG_PIECE = 32_768; // characters of one write below
const MAX_STOPS = 100;

/** No argument may be left out or added; `undefined` in the place of one counts. */
const exactly =
  (count, call) =>
  async (...args) => {
    if (args.length !== count) argument(`${count} arguments are needed, not ${args.length}`);
    return call(...args);
  };

function createMisc({ base, time, nanny, disk, life }) {
  const { console, random, usage } = base;

  async function log(...args) {
    const text = args.map(String).join(" ");
    await nanny.wait("lograte");
    for (let at = 0; at === 0 || at < text.length; at += LOG_PIECE)
      await console.write("log", text.slice(at, at + LOG_PIECE));
    await nanny.charge("lograte", text.length);
  }

  async function randombytes() {
    await nanny.wait("random");
    const bytes = await random.bytes(RANDOM_BYTES);
    await nanny.charge("random", RANDOM_BYTES);
    return String.fromCharCode(...bytes);
  }

  async function sleep(seconds) {
    checkNumber(seconds, "seconds");
    if (seconds < 0) argument("seconds must not be below 0");
    await time.sleep(seconds);
  }

  async function getresources() {
    const { cpu, threadcpu, stops } = await usage.cpu();
    const memory = await usage.memory();
    const used = { ...nanny.used(), cpu, threadcpu, memory, diskused: await disk.used() };
    return { limits: nanny.limits(), usage: used, stoptimes: stops.slice(-MAX_STOPS) };
  }

  /** The text is checked and run on the program's side, where its context is; what comes back is what may be run. */
  async function createvirtualnamespace(code, name) {
    checkString(code, "code");
    checkString(name, "name");
    return { evaluate: exactly(0, async () => ({ code, name })) };
  }

  return {
    log,
    randombytes: exactly(0, randombytes),
    sleep: exactly(1, sleep),
    getruntime: exactly(0, time.now),
    getresources: exactly(0, getresources),
    createvirtualnamespace: exactly(2, createvirtualnamespace),
    getthreadname: exactly(0, async () => MAIN_THREAD),
    getlasterror: exactly(0, async () => undefined),
    exitall: exactly(0, () => life.end({ kind: "exited" })),
  };
}

/** Arms one call: E2 and E3, for the call itself and for the methods of objects that it gives. */
function arm(life, call) {
  return async (...args) => {
    if (life.isOver()) return life.never();
    try {
      const result = await call(...args);
      return life.isOver() ? life.never() : armResult(life, result);
    } catch (thrown) {
      if (life.isOver()) return life.never();
      const error = translate(thrown);
      if (isRepyError(error)) throw error;
      return life.end({ kind: "internal", message: `${error?.name}: ${error?.message}` });
    }
  };
}

/** Arguments of the methods of what a call gave; those that are not named take none. */
const COUNTS = { readat: 2, writeat: 2, recv: 1, send: 1, acquire: 1 };

const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));

function armResult(life, result) {
  if (Array.isArray(result)) return result.map((item) => armResult(life, item));
  if (typeof result !== "object" || result === null) return result;
  const values = Object.values(result);
  if (values.length > 0 && values.every((value) => typeof value === "function")) {
    return mapValues(result, (method, name) => arm(life, exactly(COUNTS[name] ?? 0, method)));
  }
  return mapValues(result, (value) => armResult(life, value));
}

/**
 * The table of the 20 functions. `base` is { files, net, clock, timers, random, console, usage, life }, `restrictions`
 * the text of a restrictions file or what parseRestrictions made of it.
 */
export async function makeRepy(base, restrictions) {
  const limits = typeof restrictions === "string" ? parseRestrictions(restrictions) : restrictions;
  const time = await createTime(base);
  const life = createLife(base);
  const nanny = createNanny(limits, time);
  const disk = createDisk({ files: base.files, limit: limits.get("diskused"), life });
  const files = createFiles({ files: base.files, nanny, disk });
  const names = createNames({ net: base.net, nanny });
  const messages = createMessages({ net: base.net, nanny });
  const connections = createConnections({ net: base.net, nanny });
  const table = {
    gethostbyname: exactly(1, names.gethostbyname),
    getmyip: exactly(0, names.getmyip),
    sendmessage: exactly(5, messages.sendmessage),
    listenformessage: exactly(2, messages.listenformessage),
    openconnection: exactly(5, connections.openconnection),
    listenforconnection: exactly(2, connections.listenforconnection),
    openfile: exactly(2, files.openfile),
    listfiles: exactly(0, files.listfiles),
    removefile: exactly(1, files.removefile),
    createlock: exactly(0, createlock),
    createthread: exactly(0, createThreads({ nanny }).createthread),
    ...createMisc({ base, time, nanny, disk, life }),
  };
  return Object.freeze(mapValues(table, (call) => arm(life, call)));
}
