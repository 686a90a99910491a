// The types of RepyV2's layer contracts: what a value must be, and what that is in a contract of Cordon.
//
// A layer writes them as names: "str", "int", "float", "bool", "list", "dict", "none", "any", and "var" for an unchecked
// rest; a Set of names is one of them. They are normalised when the layer dispatches (W04, W31): nothing is left to
// stumble over at a call. One rule holds for one and for many, for arguments and for results (W06, W22): types are
// exact, a boolean is no integer, and an integer is a float.
import { codeOf, ERRORS, nameOf } from "./errors.js";

const isRecord = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

// biome-ignore format: a table
const TYPES = new Map([
  ["any",   { is: () => true,                            data: { type: "any" } }],
  ["str",   { is: (value) => typeof value === "string",  data: { type: "string" } }],
  ["int",   { is: Number.isSafeInteger,                  data: { type: "integer" } }],
  ["long",  { is: Number.isSafeInteger,                  data: { type: "integer" } }],
  ["float", { is: (value) => typeof value === "number",  data: { type: "number" } }],
  ["bool",  { is: (value) => typeof value === "boolean", data: { type: "boolean" } }],
  ["list",  { is: Array.isArray,                         data: { type: "any" } }],
  ["tuple", { is: Array.isArray,                         data: { type: "any" } }],
  ["dict",  { is: isRecord,                              data: { type: "any" } }],
  ["none",  { is: (value) => value === undefined || value === null, data: { type: "any" } }],
]);

/** { names, isOptional, is, data } of a type or a Set of types. `fail(why)` throws. */
export function readType(given, fail) {
  const names = given instanceof Set ? [...given] : [given ?? "none"];
  if (names.length === 0) fail("an empty set of types");
  const types = names.map((name) => TYPES.get(name) ?? fail(`there is no type ${String(name)}`));
  const isOptional = names.includes("none");
  // Where the kernel has no such type it lets everything through that can cross, and the check here decides.
  const only = types.length === 1 ? types[0].data : { type: "any" };
  return {
    names,
    isOptional,
    is: (value) => types.some((type) => type.is(value)),
    data: isOptional && names.length === 1 ? { type: "any" } : only,
  };
}

/** Nothing (no arguments), or a list with one type for each position; a last "var" is an unchecked rest. */
export function readArguments(given, fail) {
  if (given === undefined) fail("args is missing");
  const list = given === null || given === "none" ? [] : Array.isArray(given) ? given : [given];
  const hasRest = list.at(-1) === "var";
  const positions = (hasRest ? list.slice(0, -1) : list).map((type) => readType(type, fail));
  const least = positions.findLastIndex(({ isOptional }) => !isOptional) + 1;
  return {
    takes: [
      ...positions.map(({ data }, index) => {
        const of = index >= least ? { type: "option", of: data } : data;
        return { type: "arg", name: `a${index}`, of };
      }),
      ...(hasRest ? [{ type: "rest", name: "rest", of: { type: "any" } }] : []),
    ],
    /** Why these arguments are wrong, or undefined. */
    wrong(args) {
      if (args.length < least) return `${least} arguments are needed, not ${args.length}`;
      if (!hasRest && args.length > positions.length)
        return `at most ${positions.length} arguments, not ${args.length}`;
      const index = positions.findIndex(
        ({ is, isOptional }, at) => !(at >= args.length && isOptional) && !is(args[at]),
      );
      return index < 0 ? undefined : `argument ${index} must be ${positions[index].names.join(" or ")}`;
    },
  };
}

const parents = new Map(ERRORS.map(([name, parent]) => [name, parent]));
const codes = ERRORS.map(([, , code]) => code);

function isKindOf(name, wanted) {
  for (let at = name; at !== undefined; at = parents.get(at)) if (at === wanted) return true;
  return false;
}

/** Nothing, one class, a Set of classes, or "any". A class stands for those below it, one and many alike. */
export function readExceptions(given, fail) {
  if (given === undefined) fail("exceptions is missing");
  const list = given === null || given === "none" ? [] : given instanceof Set ? [...given] : [given];
  const wanted = list.map((item) => (typeof item === "function" ? item.name : item));
  if (wanted.includes("any")) return { refuses: "any", allows: () => true };
  for (const name of wanted) if (!parents.has(name)) fail(`there is no error ${String(name)}`);
  const allows = (error) => wanted.some((name) => isKindOf(nameOf(error?.code), name));
  // What the guard itself says of wrong arguments is always declared; that the target says it must be allowed as well.
  const refuses = codes.filter((code) => code === codeOf("RepyArgumentError") || allows({ code }));
  return { refuses, allows };
}
