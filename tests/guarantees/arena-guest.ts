// A guest that looks at all that is its own, over and over: globals, the shadow stack, memory and its size, the table. What
// another domain did to any of it shows in what it returns.
import type { Artifact, Domain, FeralPowers, Kernel, Mode } from "../../kernel/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import type { Bytes } from "../kit/assemble.ts";
import { type Confinement, segmentOf } from "../kit/confinement.ts";
import { wat } from "../kit/wat.ts";
import { loadSource, newKernel, type SpawnOptions, spawn } from "../kit/world.ts";

/**
 * `set(a, b)`: its state. `look()`: a number of all of its state. `nest(handle, depth)`: so deep, and on each way back, it
 * calls the capability; 0 where nothing of its own has changed meanwhile. `await(depth)`: so deep it waits for a message,
 * adds it to its state, and tells what it then is, and 0 added for each level that found its own again. `work(rounds)`: all
 * of that, by turns. `tell(handle)`: calls with what `look` gives.
 */
export const SOURCE: Bytes = wat(`(module
  (import "cordon" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "cordon" "receive" (func $receive (param i32 i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 8) "cordon")
  (global $sp (mut i32) (i32.const 60000))
  (global $wide (mut i64) (i64.const 5))
  (global $single (mut f32) (f32.const 1.5))
  (global $double (mut f64) (f64.const -2.5))
  (table 3 3 funcref) (elem (i32.const 0) $twice $look)
  (type $number (func (param i64) (result i64)))
  (type $none (func (result i64)))
  (func $twice (param i64) (result i64) (i64.mul (local.get 0) (global.get $wide)))

  (func $mix (param i64 i64) (result i64)
    (i64.mul (i64.xor (i64.rotl (local.get 0) (i64.const 7)) (local.get 1)) (i64.const 0x9e3779b97f4a7c15)))
  (func $look (export "look") (result i64)
    (call $mix (call $mix (call $mix (call $mix (call $mix (call $mix
      (i64.extend_i32_u (global.get $sp)) (global.get $wide))
      (i64.extend_i32_u (i32.reinterpret_f32 (global.get $single))))
      (i64.reinterpret_f64 (global.get $double)))
      (i64.extend_i32_u (memory.size)))
      (call_indirect (type $number) (i64.load (global.get $sp)) (i32.const 0)))
      (i64.load (i32.const 512))))
  (func (export "set") (param i32 i64)
    (global.set $wide (local.get 1))
    (global.set $single (f32.convert_i32_s (local.get 0)))
    (global.set $double (f64.convert_i64_s (local.get 1)))
    (i64.store (i32.const 512) (local.get 1))
    (i32.store (i32.sub (global.get $sp) (i32.const 8)) (local.get 0)))

  (func $nest (export "nest") (param $handle i32) (param $depth i32) (result i64) (local $before i64) (local $wrong i64)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
    (i64.store (global.get $sp) (i64.extend_i32_u (local.get $depth)))
    (local.set $before (call $look))
    (if (local.get $depth)
      (then (local.set $wrong (call $nest (local.get $handle) (i32.sub (local.get $depth) (i32.const 1))))))
    (drop (call $call (local.get $handle) (local.get $depth) (i32.const 0) (i32.const 0) (i32.const 0)))
    (local.set $wrong (i64.or (local.get $wrong) (i64.xor (local.get $before) (call_indirect (type $none) (i32.const 1)))))
    (local.set $wrong (i64.or (local.get $wrong)
      (i64.xor (i64.load (global.get $sp)) (i64.extend_i32_u (local.get $depth)))))
    (global.set $sp (i32.add (global.get $sp) (i32.const 16)))
    (local.get $wrong))

  (func $await (export "await") (param $depth i32) (result i64) (local $before i64)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
    (i64.store (global.get $sp) (i64.extend_i32_u (local.get $depth)))
    (if (i32.eqz (local.get $depth))
      (then
        (drop (call $receive (i32.const 256) (i32.const 64) (i32.const 1)))
        (i64.store (i32.const 512) (call $mix (i64.load (i32.const 512)) (i64.load (i32.const 256))))
        (global.set $wide (i64.add (global.get $wide) (i64.load (i32.const 512))))
        (global.set $double (f64.add (global.get $double) (f64.const 0.5)))
        (local.set $before (call $look)))
      (else
        (local.set $before (call $await (i32.sub (local.get $depth) (i32.const 1))))
        (local.set $before (i64.xor (local.get $before)
          (i64.xor (i64.load (global.get $sp)) (i64.extend_i32_u (local.get $depth)))))))
    (global.set $sp (i32.add (global.get $sp) (i32.const 16)))
    (local.get $before))

  (func $spin (export "spin") (param $times i32)
    (loop (i64.store (i32.const 520) (call $mix (i64.load (i32.const 520)) (global.get $wide)))
      (br_if 0 (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
  (func (export "work") (param $rounds i32) (result i64) (local $sum i64)
    (loop
      (local.set $sum (call $mix (local.get $sum) (call $await (i32.rem_u (local.get $rounds) (i32.const 7)))))
      (call $spin (i32.add (i32.const 1) (i32.and (i32.wrap_i64 (local.get $sum)) (i32.const 1023))))
      (local.set $sum (call $mix (local.get $sum) (i64.load (i32.const 520))))
      (if (i32.eqz (i32.and (i32.wrap_i64 (local.get $sum)) (i32.const 7))) (then (drop (memory.grow (i32.const 1)))))
      (if (i32.and (i32.wrap_i64 (local.get $sum)) (i32.const 8))
        (then (local.set $sum (call $mix (local.get $sum) (call $nest (i32.const 0) (i32.const 3))))))
      (br_if 0 (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  (func (export "tell") (param $handle i32) (result i32)
    (i32.store16 (i32.const 300) (i32.const 0x1b81))
    (i64.store (i32.const 302) (call $look))
    (call $call (local.get $handle) (i32.const 0) (i32.const 300) (i32.const 10) (i32.const 64)))
  (func (export "trap") (i64.store (i32.const 512) (i64.const -1)) (global.set $wide (i64.const -1)) (unreachable))
  (func $deep (export "deep") (global.set $sp (i32.const 0)) (call $deep))
  (func (export "forever") (loop (global.set $wide (i64.add (global.get $wide) (i64.const 1))) (br 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke far") (param i32 i32) (i32.store8 offset=65535 (local.get 0) (local.get 1)))
  (func (export "any") (param $from i32) (param $to i32) (result i32) (local $seen i32)
    (loop (local.set $seen (i32.or (local.get $seen) (i32.load (local.get $from))))
      (br_if 0 (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 4))) (local.get $to))))
    (local.get $seen)))`);

export const HOWS: readonly Confinement[] = ["frame", "segment", "arena"];
/** Pages that a domain may have. Small segments: many lie in one memory, and their edges are near. */
export const ROOM = 4;

export interface World {
  readonly kernel: Kernel;
  readonly artifact: Artifact;
  /** A new domain of the artifact, in the state that a seed gives. */
  born(seed: number, options?: SpawnOptions): Promise<Domain>;
}

export const modeIn = (how: Confinement, room = ROOM): Mode => (how === "frame" ? { kind: "frame" } : segmentOf(room));

export function worldOf(how: Confinement, powers: Partial<FeralPowers> = {}, room = ROOM): World {
  const kernel = newKernel(powers, how);
  const artifact = loadSource(kernel, SOURCE, modeIn(how, room));
  return {
    kernel,
    artifact,
    async born(seed, { limits, allowance } = {}) {
      const domain = spawn(kernel, artifact, { limits: { pages: ROOM, ...limits }, ...(allowance && { allowance }) });
      await domain.enter("set", [seed, BigInt(seed) * 0x1_0000_0001n]);
      return domain;
    },
  };
}

const NOTHING = Uint8Array.of(0xf7);

/** A capability whose target does this, and gives nothing. */
export const doing = (task: (method: number, bytes: Uint8Array) => void) => ({
  contract: permissive(
    "doing",
    Array.from({ length: 100 }, (_, index) => `m${index}`),
  ),
  target: (method: number, bytes: Uint8Array, length: number): Uint8Array => {
    task(method, bytes.slice(0, length));
    return NOTHING;
  },
});

/** A value of one message, by its number. */
export const note = (index: number): Uint8Array => Uint8Array.of(0x19, index >>> 8, index & 0xff);
