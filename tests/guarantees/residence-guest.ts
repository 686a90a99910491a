// A guest and its homes: a frame, a segment with a machine of its own, a segment at a machine that others share.
import {
  type Account,
  type Artifact,
  type Chunk,
  type Domain,
  type DomainOptions,
  type FeralPowers,
  GUARD,
  type Kernel,
  newAccount,
  PAGE,
} from "../../kernel/index.ts";
import type { Segment } from "../kit/segment.ts";
import { wat } from "../kit/wat.ts";
import { LIMITS, loadSource, mustReturn, newKernel, PLENTY } from "../kit/world.ts";

const SOURCE = wat(`(module
  (import "cordon" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "cordon" "receive" (func $receive (param i32 i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 0) "\\01\\02\\03")
  (global $own (mut i64) (i64.const 7))
  (global $began (mut i32) (i32.const 0))
  (func (export "cordon_init") (global.set $began (i32.add (global.get $began) (i32.const 1))))
  (func (export "cordon_turn") (result i32)
    (i32.store8 (i32.const 20) (i32.const 99))
    (drop (call $receive (i32.const 1000) (i32.const 64) (i32.const 0)))
    (i32.const 1))
  (func (export "began") (result i32) (global.get $began))
  (func (export "own") (param i64) (result i64)
    (global.set $own (i64.add (global.get $own) (local.get 0))) (global.get $own))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "far") (param i32 i32) (i32.store8 offset=60000 (local.get 0) (local.get 1)))
  (func $peek (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "call") (param i32) (result i32)
    (drop (call $call (local.get 0) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 8)))
    (global.set $own (i64.add (global.get $own) (i64.const 1000)))
    (call $peek (i32.const 16)))
  (func $wait (export "wait") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $wait (i32.sub (local.get 0) (i32.const 1))) (i32.load8_u (i32.const 16))))
      (else (call $receive (i32.const 1000) (i32.const 64) (i32.const 1)))))
  (func (export "trap") (unreachable))
  (func (export "spin") (loop $l (br $l))))`);

export const segment = (bits: number): Segment => ({ kind: "segment", mask: 2 ** bits - 1, guard: GUARD });

/** A kernel, and the guest as it is there. */
export interface Place {
  readonly kernel: Kernel;
  readonly artifact: Artifact;
  readonly isShared: boolean;
}

export function newPlace(mode: Segment | undefined, isShared: boolean, powers: Partial<FeralPowers> = {}): Place {
  const kernel = newKernel(powers);
  return { kernel, isShared, artifact: loadSource(kernel, SOURCE, mode ?? { kind: "frame" }) };
}

/** Somebody who never does anything keeps the arena: to make one takes the host long. */
function keep(place: Place): Place {
  place.kernel.spawn(place.artifact, { limits: LIMITS, isShared: place.isShared });
  return place;
}

export const MODES: readonly (readonly [name: string, mode: Segment | undefined, isShared: boolean])[] = [
  ["a frame", undefined, false],
  ["a segment", segment(18), false],
  ["a segment, at a shared machine", segment(18), true],
];

export const placesWith = (powers: Partial<FeralPowers>): Place[] =>
  MODES.map(([, mode, isShared]) => keep(newPlace(mode, isShared, powers)));

/** Births that one account pays for. Nobody has more than a segment has room for. */
export function newHome({ kernel, artifact, isShared }: Place) {
  const account = newAccount() as Account;
  const birth = (options: Partial<DomainOptions> = {}) =>
    kernel.spawn(artifact, { limits: { ...LIMITS, pages: 4 }, account, isShared, ...options });
  return {
    birth,
    spawn(options?: Partial<DomainOptions>): Domain {
      const domain = mustReturn(birth(options));
      domain.allow(PLENTY);
      return domain;
    },
    /** Pages and domains that the account has to pay for. */
    paid: () => [(account.used[1] as number) / PAGE, account.used[5]],
  };
}

/** Returns all that its memory holds. */
export const sleep = (domain: Domain, onNeeded = (): void => undefined): readonly Chunk[] | undefined =>
  domain.hibernate((memory) => [{ at: 0, bytes: memory.slice() }], onNeeded);
