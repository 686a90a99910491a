// What a policy remembers, as bytes: for the authority part of a snapshot.
//
// The form: version; fingerprint of the policy; the time of the last event; where virtual time began, if it is virtual;
// the parts of what is enforced, and of what only looks on, if something does: names of grants, then bytes of the machine.
//
// Invariants
//   PV1  Only a file that the embedder's key vouches for has any of this read.
//   PV2  It is read by the policy that wrote it, or not at all: the same words, imports, parameters and mode over the
//        same contracts. What another policy would make of it nobody knows.
import { MAX_HANDLES, MAX_VALUE_BYTES } from "../kernel/index.ts";
import { type Machine, type PolicySource, policyMemory } from "../policy-libs/index.ts";
import { CordonError } from "./errors.ts";
import type { Policed, Policing } from "./policy.ts";
import {
  concat,
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
} from "./snapshot/bytes.ts";
import { bytesOfHex, FINGERPRINT_BYTES, fingerprintOf, hexOf } from "./snapshot/hash.ts";

/** What a copy goes on with: from its original, or from the bytes of a snapshot. */
export interface PolicyPast {
  readonly remembered: policyMemory.Remembered;
  /** Of virtual time. */
  readonly start: number | undefined;
}

const VERSION = 1;
const MAX_NAME = 4_096; // bytes

const OTHER =
  "the snapshot was made under another policy than it is restored under, or over other contracts: pass the policy that " +
  "it was made under, word for word, or no key, and the policy begins as if nothing had happened";

function refuse(what: string): never {
  throw new CordonError("E_POLICY", what);
}

/** Tells one policy from every other, over what is granted: all that decides what its memory means. */
function fingerprint({ text, options }: PolicySource, { machine, vocabulary }: Policing): Promise<string> {
  const { imports = {}, parameters = {}, use, mode = "enforce", enforced = [] } = options;
  const sorted = (table: object): unknown[] => Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
  const registers = machine.registers.map(({ key }) => key);
  const operations = vocabulary.operations.map(({ name, takes, gives }) => [name, takes.length, gives.length]);
  const said = [text, sorted(imports), sorted(parameters), use ?? null, mode, [...enforced].sort()];
  return fingerprintOf(JSON.stringify([said, registers, operations]));
}

function putParts(output: Output, { names, bytes }: policyMemory.SavedParts): void {
  putNumber(output, names.length);
  for (const name of names) putText(output, name);
  putNumber(output, bytes.length);
  output.push(bytes);
}

/** A policy's memory as bytes. */
export async function savePast({ policing }: Policed, { remembered, start }: PolicyPast): Promise<Uint8Array> {
  const { machine, shared, source } = policing;
  const { time, enforced, observed } = remembered;
  const output: Output = [];
  putNumber(output, VERSION);
  output.push(bytesOfHex(await fingerprint(source, policing)));
  putDouble(output, time);
  putNumber(output, start === undefined ? 0 : 1);
  if (start !== undefined) putDouble(output, start);
  putParts(output, policyMemory.saveParts(machine, enforced));
  if (shared.observer !== undefined && observed !== undefined)
    putParts(output, policyMemory.saveParts(shared.observer.machine, observed));
  return concat(output);
}

function takeParts(input: Input, machine: Machine): NonNullable<policyMemory.Remembered["observed"]> {
  const count = takeCount(input, MAX_HANDLES);
  const names = Array.from({ length: count }, () => takeText(input, MAX_NAME));
  const bytes = takeBytes(input, takeNumber(input, MAX_VALUE_BYTES));
  return policyMemory.readParts(machine, { names, bytes }) ?? refuse(OTHER);
}

/** Throws CordonError E_POLICY for bytes of another policy. */
export async function readPast(policing: Policing, bytes: Uint8Array): Promise<PolicyPast> {
  const { machine, shared, source } = policing;
  const input: Input = {
    bytes,
    at: 0,
    end: bytes.length,
    fail: (at, why) => refuse(`the policy's memory: ${at}: ${why}`),
  };
  if (takeNumber(input, 2 ** 32) !== VERSION)
    refuse("the policy's memory in the snapshot is of another version of Cordon: restore it with that one");
  if (hexOf(takeBytes(input, FINGERPRINT_BYTES)) !== (await fingerprint(source, policing))) refuse(OTHER);
  const time = takeDouble(input);
  const start = takeNumber(input, 1) === 1 ? takeDouble(input) : undefined;
  const enforced = takeParts(input, machine);
  const observed = shared.observer && takeParts(input, shared.observer.machine);
  if (input.at !== input.end || !(time >= 0)) refuse(OTHER);
  return { remembered: { time, enforced, observed, trail: undefined }, start };
}
