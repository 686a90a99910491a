// Security layers as RepyV2 writes them: a layer changes CHILD_CONTEXT_DEF and calls secure_dispatch_module() once, last.
//
// What the layer defines becomes an offer: contract data, and functions that keep it, which the domain above gets and
// nothing else. The split of blame is RepyV2's: an error of the caller raises to the caller, one of the layer ends the run.
//
// Invariants
//   S1  An entry that is not passed on as it came is checked by its contract, arguments and results, in both directions.
//   S2  Nothing is offered before the whole definition was read without a complaint; without dispatch nothing is offered.
//   S3  Of an object the declared methods are offered, of a constant a copy; nothing else of either can be reached.
import { readArguments, readExceptions, readType } from "./encasement-types.js";
import { errorOf } from "./errors.js";
import { CONSTANTS, createProgram } from "./program/index.js";

/** RepyV2 reads so many bytes of a layer and runs what it has; here a longer one is refused (W05). */
export const MAX_LAYER = 100_000; // bytes
const NOT_METHODS = ["__init__", "__del__"];

const isObject = (value) => typeof value === "object" && value !== null;

/** `place` is the path of an entry, for the complaint. */
const failAt = (place) => (why) => {
  throw errorOf("RepyArgumentError", `${place}: ${why}`);
};

/** One function under its contract. `blame(why)` ends the run: the layer is at fault. */
function guard(place, target, { args, exceptions, result }, blame) {
  return async (...given) => {
    const wrong = args.wrong(given);
    if (wrong !== undefined) throw errorOf("RepyArgumentError", `${place}: ${wrong}`);
    let value;
    try {
      value = await target(...given);
    } catch (error) {
      if (exceptions.allows(error)) throw error;
      return blame(`${place} raised ${error?.name ?? typeof error}, which its contract does not declare`);
    }
    const made = result.make(value);
    return made.isRight
      ? made.value
      : blame(`${place} returned ${describe(value)}, which its contract does not declare`);
  };
}

const describe = (value) => (Array.isArray(value) ? "a list" : value === null ? "none" : `a ${typeof value}`);

/** `return` of a func: data of a declared type. */
function readResult(given, fail) {
  if (given === undefined) fail("return is missing");
  const type = readType(given, fail);
  const isNone = type.names.length === 1 && type.names[0] === "none";
  const make = (value) => ({ isRight: type.is(value), value });
  return { gives: isNone ? { type: "any" } : type.data, make };
}

/** `return` of an objc: an object, of which the declared methods are offered. */
function readObject(place, given, fail, blame) {
  if (!isObject(given)) fail("return of an objc must be a table");
  const { "obj-type": type, name, ...methods } = given;
  if (type === undefined) fail("obj-type is missing");
  if (typeof name !== "string" || !/^[A-Za-z]\w*$/.test(name)) fail("name is missing");
  const readers = Object.entries(methods).map(([method, entry]) => {
    if (NOT_METHODS.includes(method)) fail(`${method} cannot be a method`);
    if (!["func", "objc"].includes(entry?.type)) failAt(`${place}.${name}.${method}`)("a method must be func or objc");
    return [method, readEntry(`${place}.${name}.${method}`, { target: () => undefined, ...entry }, blame)];
  });
  if (readers.length === 0) fail("no method");
  const calls = Object.fromEntries(readers.map(([method, reader]) => [method, reader.call]));
  const contract = { name: name.replaceAll("_", "-"), allows: `the methods of ${name}`, never: "anything else", calls };
  const isInstance = (value) =>
    isObject(value) && (typeof type !== "function" || value instanceof type) && readers.every(([m]) => m in value);
  function make(value) {
    if (!isInstance(value)) return { isRight: false };
    const bound = readers.map(([method, reader]) => [method, reader.wrap((...args) => value[method](...args))]);
    return { isRight: true, value: Object.freeze(Object.fromEntries(bound)) };
  }
  return { gives: { type: "handle", of: contract }, make };
}

/** { call, wrap }: the contract of a func or objc, and what puts a target under it. */
function readEntry(place, entry, blame) {
  const fail = failAt(place);
  const args = readArguments(entry.args, fail);
  const exceptions = readExceptions(entry.exceptions, fail);
  const result = entry.type === "objc" ? readObject(place, entry.return, fail, blame) : readResult(entry.return, fail);
  const parts = { args, exceptions, result };
  return {
    call: { takes: args.takes, gives: result.gives, refuses: exceptions.refuses, about: place },
    wrap: (target) => guard(place, target, parts, blame),
  };
}

const ANYTHING = {
  takes: [{ type: "rest", name: "rest", of: { type: "any" } }],
  gives: { type: "any" },
  refuses: "any",
};

/** "any": what came from below is passed on under its own contract; anything else may take and give any copyable value. */
function readAny(name, target, { passed, table, contract }) {
  if (target === passed[name]) return { call: contract.calls[name] ?? ANYTHING, function: table[name] };
  if (typeof target === "function") return { call: ANYTHING, function: async (...args) => target(...args) };
  return { constant: structured(target, failAt(name)) };
}

/** A copy of data; functions and instances are not data (W03). */
function structured(value, fail, seen = new Map()) {
  if (typeof value === "function" || typeof value === "symbol") fail("a constant must be data");
  if (!isObject(value)) return value;
  if (seen.has(value)) return seen.get(value);
  const isList = Array.isArray(value);
  if (!isList && ![Object.prototype, null].includes(Object.getPrototypeOf(value))) fail("a constant must be data");
  const copy = isList ? [] : {};
  seen.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = structured(item, fail, seen);
  return copy;
}

function readDefinition(name, entry, below, blame) {
  const fail = failAt(name);
  if (!isObject(entry)) fail("an entry must be a table");
  if (!["func", "objc", "const", "any"].includes(entry.type)) fail(`there is no type of entry ${String(entry.type)}`);
  if (!("target" in entry)) fail("target is missing");
  if (entry.type === "any") return readAny(name, entry.target, below);
  if (entry.type === "const") return { constant: structured(entry.target, fail) };
  if (typeof entry.target !== "function") fail("target must be a function");
  const { call, wrap } = readEntry(name, entry, blame);
  return { call, function: wrap(entry.target) };
}

/** The whole definition: { contract, functions }. Throws RepyArgumentError that names the entry. */
export function offerOf(definition, below, blame) {
  const entries = Object.entries(definition).map(([name, entry]) => [name, readDefinition(name, entry, below, blame)]);
  const constants = Object.fromEntries(
    entries.filter(([, e]) => "constant" in e).map(([name, e]) => [name, e.constant]),
  );
  const offered = entries.filter(([, entry]) => entry.call !== undefined);
  if (Object.keys(constants).length > 0) {
    const call = { takes: [], gives: { type: "any" }, refuses: [], about: "the constants of the layer" };
    offered.push([CONSTANTS, { call, function: async () => constants }]);
  }
  return {
    contract: {
      name: "repy",
      allows: "what a security layer defines",
      never: "anything that the layer does not define",
      calls: Object.fromEntries(offered.map(([name, { call }]) => [name, call])),
    },
    functions: Object.freeze(Object.fromEntries(offered.map(([name, entry]) => [name, entry.function]))),
  };
}

/** Throws what is wrong with a layer's file, before anything of it runs. */
function checkLayer(name, text) {
  if (typeof text !== "string") throw errorOf("RepyArgumentError", `${name}: there is no such layer`);
  if (text.length > MAX_LAYER) throw errorOf("RepyArgumentError", `${name}: longer than ${MAX_LAYER} bytes`);
}

/**
 * Runs a layer's text over `table`, which keeps `contract`. Gives the offer for what stands above. Rejects, and so
 * nothing above starts, when the layer is missing, too long, unsafe, fails, or does not dispatch.
 */
export async function runLayer({ table, contract, text, name, args = [], locate }) {
  checkLayer(name, text);
  const side = createProgram({ table, args, locate });
  // The layer is to blame, and whoever called it never learns more: the run ends.
  const blame = async (why) => {
    await table.log?.(`security layer ${name}: ${why}`);
    return table.exitall?.() ?? new Promise(() => {});
  };
  const passed = Object.fromEntries(Object.keys(table).map((call) => [call, side.context.get(call)]));
  const definition = Object.fromEntries(
    Object.entries(passed).map(([call, target]) => [call, { type: "any", target }]),
  );
  let offer;
  function dispatch(...given) {
    if (given.length > 0) throw errorOf("RepyArgumentError", "secure_dispatch_module takes no arguments");
    if (offer !== undefined) throw errorOf("RepyArgumentError", `${name} has dispatched already`);
    offer = offerOf(definition, { passed, table, contract }, blame);
    return true;
  }
  function secureDispatch(...given) {
    try {
      return dispatch(...given);
    } catch (error) {
      throw side.rebuild(error);
    }
  }
  side.context.set("CHILD_CONTEXT_DEF", definition).set("secure_dispatch_module", secureDispatch);
  const failure = await side.start(text, name);
  if (failure !== undefined) throw errorOf("CodeUnsafeError", `${name}: ${failure.message}`);
  if (offer === undefined) throw errorOf("RepyArgumentError", `${name} did not dispatch`);
  return offer;
}
