// The vocabulary of what was granted: every call of every contract that a program can come to hold, and the instructions.
//
// Invariants
//   O1  A name means one call of one contract: two contracts of one name that differ are an error, not a choice.
import type { CallContract, Contract } from "../../kernel/index.ts";
import { known, type Node } from "../contract/made.ts";
import { argumentsOf, resultsOf } from "./arguments.ts";
import { type Diagnostic, diagnose } from "./diagnostic.ts";
import type { Argument, Operation, Vocabulary } from "./vocabulary.ts";

type Call = Pick<Operation, "call" | "takes" | "gives">;

const int = (name: string): readonly Argument[] =>
  Object.freeze([Object.freeze({ name, type: "int" as const, optional: false })]);

/** Instructions of the guest, with what they are about to do. */
const INSTRUCTIONS: readonly Call[] = [
  { call: "divide", takes: int("divisor"), gives: [] },
  { call: "call", takes: int("depth"), gives: [] },
  { call: "grow", takes: int("pages_after"), gives: [] },
  { call: "indirect", takes: int("slot"), gives: [] },
];

/** The group of instructions: no grant can have this name. */
export const INSTRUCTION_GROUP = "vm";

/** A grant that is one function has one call, without a name: a policy says "sum.call". */
export const callName = (call: string): string => (call === "" ? "call" : call);

/** What is said of calls whose contract says nothing: names. */
const unsaid = ({ name }: CallContract): Call => ({ call: callName(name), takes: [], gives: [] });

const said = ({ data }: Node): readonly Call[] =>
  Object.entries(data.calls).map(([call, { takes, gives }]) => ({
    call,
    takes: argumentsOf(takes),
    gives: resultsOf(gives),
  }));

/** The contracts of handles that can come out of a contract or go into it, nearest first. Not itself. */
function reachable(root: Node): readonly Node[] {
  const met = new Set([root]);
  // A Set's walk also meets what is added on the way.
  for (const node of met) for (const target of node.handles.values()) met.add(target);
  return [...met].slice(1);
}

/** What a policy can say of a contract's calls, in their order. */
export function callsOf(contract: Contract): readonly Call[] {
  const node = known(contract)?.node;
  return node === undefined ? contract.calls.map(unsaid) : said(node);
}

interface Group {
  readonly name: string;
  readonly calls: readonly Call[];
  /** Where it comes from, for people. */
  readonly from: string;
}

const grantedGroup = (name: string, contract: Contract): Group => ({
  ...{ name, calls: callsOf(contract), from: `the grant "${name}"` },
});

function handleGroups(name: string, contract: Contract): readonly Group[] {
  const node = known(contract)?.node;
  if (node === undefined) return [];
  const from = `handles out of the grant "${name}"`;
  return reachable(node).map((each) => ({ name: each.data.name, calls: said(each), from }));
}

/** Grants are in no file. */
const NOWHERE = { file: "(grants)", line: 1, column: 1, span: { from: 0, to: 0 } };
const RENAME = "Grant one of them under another name.";

function conflictOf({ name, from, calls }: Group, earlier: Group | undefined): Diagnostic | undefined {
  if (name === INSTRUCTION_GROUP) {
    return diagnose("P124", NOWHERE, `"${name}" means the guest's instructions and ${from}`, RENAME);
  }
  if (earlier === undefined || JSON.stringify(earlier.calls) === JSON.stringify(calls)) return undefined;
  return diagnose("P124", NOWHERE, `"${name}" means two contracts: of ${earlier.from} and of ${from}`, RENAME);
}

function operationsOf(groups: readonly Group[]): readonly Operation[] {
  const rows = groups.flatMap(({ name, calls }) => calls.map((call) => ({ group: name, ...call })));
  return rows.map(({ group, call, takes, gives }, id) =>
    Object.freeze({
      id,
      name: `${group}.${call}`,
      group,
      call,
      takes,
      gives,
      isInstruction: group === INSTRUCTION_GROUP,
    }),
  );
}

/**
 * What a policy may speak of under these grants: operations of the grants, of the handles that come out of them, and of
 * the guest's instructions. With a conflict the first meaning stands, and no policy should be loaded.
 */
export function vocabularyOf(granted: ReadonlyMap<string, Contract>): {
  readonly vocabulary: Vocabulary;
  readonly conflicts: readonly Diagnostic[];
} {
  const grants = [...granted].map(([name, contract]) => grantedGroup(name, contract));
  const handles = [...granted].flatMap(([name, contract]) => handleGroups(name, contract));
  const groups = new Map<string, Group>();
  const conflicts: Diagnostic[] = [];
  for (const group of [...grants, ...handles]) {
    const conflict = conflictOf(group, groups.get(group.name));
    if (conflict !== undefined) conflicts.push(conflict);
    else groups.set(group.name, groups.get(group.name) ?? group);
  }
  groups.set(INSTRUCTION_GROUP, { name: INSTRUCTION_GROUP, calls: INSTRUCTIONS, from: "the instructions" });
  return { vocabulary: vocabularyFrom(operationsOf([...groups.values()])), conflicts };
}

/** Of operations in the order of their ids. */
export const vocabularyFrom = (operations: readonly Operation[]): Vocabulary =>
  Object.freeze({ operations, byName: new Map(operations.map((operation) => [operation.name, operation])) });
