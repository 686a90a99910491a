// Values as a file writes them, against the types of arguments.
//
// Invariants
//   L1  A text that no argument of its type ever is, is an error: "/secrets/" would never match, and a rule that never
//       denies looks like one that does.
import { blockOf } from "../block.ts";
import { quoted } from "../characters.ts";
import { didYouMean } from "../diagnostic.ts";
import { normalAddress, normalHost, normalPath } from "../normal.ts";
import type { AddressBlock, Datum, Place } from "../resolved.ts";
import type { TextTest, Value } from "../tree.ts";
import type { ArgumentType } from "../vocabulary.ts";
import type { Report } from "./unit.ts";

/** Of what a value is: an argument's type, with the texts of an enum. */
export interface Kind {
  readonly type: ArgumentType;
  readonly values?: readonly string[] | undefined;
}

const WORDS: Readonly<Record<ArgumentType, string>> = {
  bool: "true or false",
  int: "an integer",
  text: "a text",
  path: "a path",
  host: "a host",
  ip: "an address",
  bytes: "bytes",
  enum: "one of a few texts",
  handle: "a handle",
  other: "something that policies cannot see",
};
/** A parameter of a type that there is none of has been reported, and is looked at all the same. */
export const wordOf = (type: ArgumentType): string => WORDS[type] ?? "of no known type";

/** Is there more of such an argument than its length? */
export const isSeen = (type: ArgumentType): boolean => type !== "bytes" && type !== "handle" && type !== "other";

export const TYPE_OF: Readonly<Record<Value["kind"], ArgumentType>> = {
  int: "int",
  text: "text",
  bool: "bool",
  cidr: "ip",
};

const NORMAL = { path: normalPath, host: normalHost, ip: normalAddress } as const;
const RULES = {
  path: 'a path begins with "/", and has no ".", "..", "//" or "/" at its end',
  host: "a host has small ASCII letters and no dot at its end",
  ip: "an address has one spelling",
} as const;

/** How it is written right, if it can be. */
function rewritten(type: keyof typeof NORMAL, text: string): string {
  const normal = NORMAL[type](text);
  return normal === undefined ? "" : `Write ${quoted(normal)}.`;
}

function checkText(report: Report, kind: Kind, text: string, at: Place): boolean {
  const { type, values = [] } = kind;
  if (type === "enum") {
    if (values.includes(text)) return true;
    const all = values.length <= 8 ? `It is one of ${values.map(quoted).join(", ")}.` : "";
    report("P110", at, `it is never ${quoted(text)}`, didYouMean(text, values) || all);
    return false;
  }
  if (type !== "path" && type !== "host" && type !== "ip") return true;
  if (NORMAL[type](text) === text) return true;
  report(
    "P110",
    at,
    `${quoted(text)} is never ${WORDS[type]} as policies see it: ${RULES[type]}`,
    rewritten(type, text),
  );
  return false;
}

export const isTextual = (type: ArgumentType): boolean => ["text", "path", "host", "ip", "enum"].includes(type);

/** A text may be of any type that is written as one; what has been said to be a path is no host. */
export const mayBe = (type: ArgumentType, beside: ArgumentType): boolean =>
  type === beside || (type === "text" && isTextual(beside));

/** The datum that an argument of this kind can be; else a diagnostic. */
export function datumOf(report: Report, kind: Kind, value: Value, at: Place): Datum | undefined {
  const { type } = kind;
  if (value.kind === "cidr") {
    const advice = type === "ip" ? `A block of addresses stands after "in": write in ${value.value}.` : "";
    report("P108", at, `${value.value} is a block of addresses, where ${WORDS[type]} is expected`, advice);
    return undefined;
  }
  if (type === value.kind) return value.value;
  if (value.kind === "text" && isTextual(type))
    return checkText(report, kind, value.value, at) ? value.value : undefined;
  report("P108", at, `${WORDS[TYPE_OF[value.kind]]}, where ${WORDS[type]} is expected`);
  return undefined;
}

/** Addresses that a value of a list stands for. */
export function blockOfValue(report: Report, value: Value, at: Place): AddressBlock | undefined {
  if (value.kind === "cidr") return blockOf(value.value);
  const address = datumOf(report, { type: "ip" }, value, at);
  return typeof address === "string" ? blockOf(`${address}/${address.includes(":") ? 128 : 32}`) : undefined;
}

/** What never stands in a normal path; "/" stands at the end of the root alone. */
const NO_PATH = /\/\.{0,2}\/|[\0\\]/;

function pathProblem(test: TextTest, text: string): string | undefined {
  if (test === "under") return normalPath(text) === text ? undefined : rewritten("path", text) || RULES.path;
  const isStart = test === "starts with" || test === "like";
  if (isStart && text !== "" && !/^[/*]/.test(text)) return 'A path begins with "/".';
  if (test === "ends with" && text.length > 1 && text.endsWith("/")) return 'A path has no "/" at its end.';
  return NO_PATH.test(text) ? 'A path has no ".", "..", "//", backslash or NUL.' : undefined;
}

function hostProblem(test: TextTest, text: string): string | undefined {
  if (text !== text.toLowerCase()) return `Hosts have small letters: write ${quoted(text.toLowerCase())}.`;
  if (!/^[a-z0-9_.:*-]*$/.test(text)) return 'Names in other letters are written as they are looked up, "xn--...".';
  return test === "ends with" && text.endsWith(".") ? "A host has no dot at its end." : undefined;
}

const ADVICE = { path: pathProblem, host: hostProblem } as const;

/** Can a text test of such an argument be true? */
export function checkTest(report: Report, type: ArgumentType, test: TextTest, text: string, at: Place): boolean {
  const advice = type === "path" || type === "host" ? ADVICE[type](test, text) : undefined;
  if (advice === undefined) return true;
  const never = test === "like" || test === "under" ? `is never ${test}` : `never ${test}`;
  report("P110", at, `${WORDS[type]} ${never} ${quoted(text)}`, advice);
  return false;
}
