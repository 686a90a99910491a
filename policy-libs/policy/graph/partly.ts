// Conditions in a state of the picture: what registers of few values and the arguments of a class of calls say.
//
// Invariants
//   J1  A value that is not D is the condition's in every state with these values of the followed registers, for every
//       event of the class.
// Trust
//   Trusts step/ and, for what a class is, analysis/classes.ts.
import { and, F, type Kleene, not, or, T } from "../kleene.ts";
import type { HistoryKind } from "../resolved.ts";
import type { Matcher, Register } from "../step/registers.ts";
import { D, type Frame, type Node, type Partly, type State } from "../step/types.ts";
import type { Dependence } from "./types.ts";

export interface Here {
  readonly registers: readonly Register[];
  readonly state: State;
  readonly frame: Frame;
  /** False: of the arguments nothing is known. */
  readonly hasArguments: boolean;
  /** Why something is D. */
  readonly depends: Set<Dependence>;
}

/** One of the few values of the domain's own; other scopes are others' too. */
export const isFollowed = ({ finite, scope }: Register): boolean => finite !== undefined && scope === "domain";

/** By what a register is called: one that keeps times. */
const isTimed = ({ key }: Register): boolean => /^(?:stamp\(|(?:count|sum)\[[^(]*(?:"recent"|,\[\d))/.test(key);

export const andPartly = (a: Partly, b: Partly): Partly =>
  a === F || b === F ? F : a === D || b === D ? D : and(a, b);
export const orPartly = (a: Partly, b: Partly): Partly =>
  a === T || b === T ? T : a === D || b === D ? D : or(a as Kleene, b as Kleene);

function leaf(node: Node, { registers, state, frame, hasArguments, depends }: Here): Partly {
  const read = node.registers.map((index) => registers[index] as Register);
  const others = read.filter((register) => !isFollowed(register));
  // Of two arguments, or of one and what is remembered, a class says nothing.
  const isPlain = node.slots.length === 0 || (hasArguments && node.slots.length === 1 && read.length === 0);
  if (others.length === 0 && isPlain) return node.test(state, frame);
  if (others.some(isTimed)) depends.add("time");
  if (!isPlain || !others.every(isTimed)) depends.add("arguments");
  return D;
}

export function judge(node: Node, here: Here): Partly {
  if (node.joins === undefined) return leaf(node, here);
  // Dependences of a part count only if the whole depends.
  const depends = new Set<Dependence>();
  const parts = node.of.map((part) => judge(part, { ...here, depends }));
  const [first = F] = parts;
  const value =
    node.joins === "not"
      ? first === D
        ? D
        : not(first)
      : parts.reduce(node.joins === "and" ? andPartly : orPartly, node.joins === "and" ? T : F);
  if (value === D) for (const one of depends) here.depends.add(one);
  return value;
}

export function judgeMatchers(matchers: readonly Matcher[], kind: HistoryKind, op: number, here: Here): Partly {
  const found = matchers.filter(({ kinds, ops }) => kinds.includes(kind) && ops.has(op));
  return found.map(({ when }) => (when === undefined ? T : judge(when, here))).reduce(orPartly, F);
}
