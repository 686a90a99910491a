// The authority part of a snapshot, as bytes: what a domain had been given and had used, but no authority itself.
//
// Invariants
//   Z1  Nothing in it grants: names and contracts are compared with what the restoring embedder grants.
//   Z2  Of a file that no key vouches for, only names and contracts are read (`takeGrants`): a wrong one can refuse a
//       restore and nothing else. Tokens, generations, meters, policy state, clock and limits are the embedder's.
//   Z3  Names come from a file: they are in lists and Maps, never keys of an object. None is there twice.
import { MAX_HANDLES, MAX_VALUE_BYTES } from "../../kernel/index.ts";
import {
  type Input,
  type Output,
  putDouble,
  putNumber,
  putText,
  takeBytes,
  takeCount,
  takeDouble,
  takeNumber,
  takeText,
} from "./bytes.ts";
import { bytesOfHex, FINGERPRINT_BYTES, hexOf } from "./hash.ts";

/** A capability that was granted by name. `contract` is the fingerprint of its contract's form. */
export interface GrantedName {
  readonly name: string;
  readonly contract: string;
}

/** What the embedder's side knew of the domain. */
export interface AuthorityPart {
  /** In the order in which they were granted: their handles follow from it. */
  readonly grants: readonly GrantedName[];
  /** The number that the next pending call will have. */
  readonly nextToken: number;
  /** How often a domain of this line was copied. */
  readonly incarnation: number;
  /** Milliseconds: the domain's clock when it was taken. */
  readonly clock: number;
  /** Of each slot of the c-list, in order. */
  readonly generations: readonly number[];
  /** By the names of LIMITS. */
  readonly limits: ReadonlyMap<string, number>;
  /** What was used, by resource. */
  readonly meter: ReadonlyMap<string, number>;
  /** The policy's state in whatever form the policy has it; empty without a policy. */
  readonly policy: Uint8Array;
}

const MAX_NAME = 4_096; // bytes of UTF-8
const MAX_ROWS = 1_000; // limits, resources
const MAX_GENERATION = 2 ** 32 - 1; // the kernel's own are smaller

function putGrants(output: Output, grants: readonly GrantedName[]): void {
  putNumber(output, grants.length);
  for (const { name, contract } of grants) {
    putText(output, name);
    output.push(bytesOfHex(contract));
  }
}

function putRows(output: Output, rows: ReadonlyMap<string, number>): void {
  putNumber(output, rows.size);
  for (const [name, value] of rows) {
    putText(output, name);
    putDouble(output, value);
  }
}

export function putAuthority(output: Output, part: AuthorityPart): void {
  putGrants(output, part.grants);
  putNumber(output, part.nextToken);
  putNumber(output, part.incarnation);
  putDouble(output, part.clock);
  putNumber(output, part.generations.length);
  for (const generation of part.generations) putNumber(output, generation);
  putRows(output, part.limits);
  putRows(output, part.meter);
  putNumber(output, part.policy.length);
  output.push(part.policy);
}

/** A name that has not been seen before in this list. */
function takeName(input: Input, seen: Set<string>): string {
  const at = input.at;
  const name = takeText(input, MAX_NAME);
  if (seen.has(name)) input.fail(at, `the name ${JSON.stringify(name)} a second time`);
  seen.add(name);
  return name;
}

/** What was granted: the beginning of the part. */
export function takeGrants(input: Input): GrantedName[] {
  const seen = new Set<string>();
  return Array.from({ length: takeCount(input, MAX_HANDLES, 1 + FINGERPRINT_BYTES) }, () => ({
    name: takeName(input, seen),
    contract: hexOf(takeBytes(input, FINGERPRINT_BYTES)),
  }));
}

function takeAmount(input: Input): number {
  const at = input.at;
  const value = takeDouble(input);
  return value >= 0 ? value : input.fail(at, "an amount that is less than nothing");
}

function takeRows(input: Input): Map<string, number> {
  const seen = new Set<string>();
  const count = takeCount(input, MAX_ROWS, 9);
  return new Map(Array.from({ length: count }, () => [takeName(input, seen), takeAmount(input)] as const));
}

/** The whole part. For files that the embedder's key vouches for. */
export function takeAuthority(input: Input): AuthorityPart {
  const grants = takeGrants(input);
  const nextToken = takeNumber(input, Number.MAX_SAFE_INTEGER);
  const incarnation = takeNumber(input, Number.MAX_SAFE_INTEGER);
  const clock = takeClock(input);
  const slots = takeCount(input, MAX_HANDLES);
  const generations = Array.from({ length: slots }, () => takeNumber(input, MAX_GENERATION));
  const [limits, meter] = [takeRows(input), takeRows(input)];
  const policy = takeBytes(input, takeNumber(input, MAX_VALUE_BYTES));
  return { grants, nextToken, incarnation, clock, generations, limits, meter, policy };
}

function takeClock(input: Input): number {
  const at = input.at;
  const clock = takeDouble(input);
  return Number.isFinite(clock) ? clock : input.fail(at, "a time that is no number");
}
