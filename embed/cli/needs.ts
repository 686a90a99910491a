// What a script seems to need: free names that no guest has by itself, and how they are used.
import { keyOf, type Node, nodeAt, nodesAt } from "./ast.ts";
import { type Constants, constantsOf, type Known, knownOf } from "./known.ts";
import { type FreeName, freeNames } from "./scope.ts";

/** One use of a group: `files.readText("x")` is { group: "files", call: "readText", count: 1 }. */
export interface Use {
  readonly group: string;
  /** Undefined where the group itself is used: passed on, called, or asked by a computed name. */
  readonly call: string | undefined;
  /** Number of arguments; undefined where it is no call, or arguments are spread. */
  readonly count: number | undefined;
  /** The arguments of a call, as far as they are known without running anything. */
  readonly args: readonly (Known | undefined)[];
  readonly at: number;
}

/** What every guest has. tests/cli asks a guest whether the list is right. */
export const GUEST_GLOBALS: ReadonlySet<string> = new Set(
  [
    "AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError",
    "FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array",
    "Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol",
    "SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet",
    "decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt",
    "undefined unescape InternalError SuppressedError DisposableStack AsyncDisposableStack btoa atob DOMException console performance queueMicrotask setTimeout setInterval setImmediate",
    "clearTimeout clearInterval clearImmediate args arguments",
  ]
    .join(" ")
    .split(" "),
);

const isCallOf = (parent: Node | undefined, callee: Node): boolean =>
  parent?.type === "CallExpression" && nodeAt(parent, "callee") === callee;

/** `const { readText, list } = files` uses two calls. */
function destructured(name: string, node: Node, parent: Node): Use[] | undefined {
  const pattern =
    parent.type === "VariableDeclarator" && nodeAt(parent, "init") === node ? nodeAt(parent, "id") : undefined;
  if (pattern?.type !== "ObjectPattern") return undefined;
  return nodesAt(pattern, "properties").map((property) => {
    const call = property.type === "Property" ? keyOf(property, "key") : undefined;
    return { group: name, call, count: undefined, args: [], at: property.start };
  });
}

/** Of a call with spread arguments nothing is known from there on. */
function argumentsOf(call: Node, constants: Constants): Pick<Use, "count" | "args"> {
  const given = nodesAt(call, "arguments");
  const spread = given.findIndex(({ type }) => type === "SpreadElement");
  const args = (spread < 0 ? given : given.slice(0, spread)).map((one) => knownOf(one, constants));
  return { count: spread < 0 ? given.length : undefined, args };
}

function usesOf({ name, node, around: [parent, grand] }: FreeName, constants: Constants): Use[] {
  const alone: Use = { group: name, call: undefined, count: undefined, args: [], at: node.start };
  if (parent === undefined) return [alone];
  if (parent.type === "MemberExpression" && nodeAt(parent, "object") === node) {
    const call = keyOf(parent, "property");
    const isCalled = grand !== undefined && isCallOf(grand, parent);
    return [isCalled ? { ...alone, call, ...argumentsOf(grand, constants) } : { ...alone, call }];
  }
  if (isCallOf(parent, node)) return [{ ...alone, ...argumentsOf(parent, constants) }];
  return destructured(name, node, parent) ?? [alone];
}

// `typeof x` asks whether x is there, `x = 1` makes it.
const isHarmless = ({ node, around: [parent] }: FreeName): boolean =>
  (parent?.type === "UnaryExpression" && parent["operator"] === "typeof") ||
  (parent?.type === "AssignmentExpression" && nodeAt(parent, "left") === node);

/** Every use of a name that the guest does not have by itself. */
export function usesIn(program: Node, known: ReadonlySet<string> = GUEST_GLOBALS): Use[] {
  const free = freeNames(program);
  const made = new Set(
    free.filter((one) => isHarmless(one) && one.around[0]?.type === "AssignmentExpression").map(({ name }) => name),
  );
  const constants = constantsOf(program);
  return free
    .filter((one) => !known.has(one.name) && !made.has(one.name) && !isHarmless(one))
    .flatMap((one) => usesOf(one, constants));
}
