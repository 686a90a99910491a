// Messages and wake-ups: whatever is queued for a guest when a message comes, and whoever wakes it first, it is read.
import { describe, expect, test } from "vitest";
import type { Answer, RunQueue } from "../../kernel/index.ts";
import { wat } from "../kit/wat.ts";
import { loadSource, newKernel, PLENTY, spawn } from "../kit/world.ts";

// Reads a message, waits for a second one, answers both and all that have come by then: [1, token, method, value].
const GUEST = wat(`(module
  (import "cordon" "receive" (func $receive (param i32 i32 i32) (result i32)))
  (import "cordon" "answer" (func $answer (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\f7")
  (func $next (param $wait i32) (result i32)
    (if (i32.lt_s (call $receive (i32.const 100) (i32.const 100) (local.get $wait)) (i32.const 0))
      (then (return (i32.const 0))))
    (drop (call $answer (i32.load8_u (i32.const 102)) (i32.const 1) (i32.const 0) (i32.const 1)))
    (i32.const 1))
  (func (export "cordon_turn") (result i32)
    (if (call $next (i32.const 0)) (then (drop (call $next (i32.const 1)))))
    (loop $all (br_if $all (call $next (i32.const 0))))
    (i32.const 0))
  (func (export "wait") (drop (call $next (i32.const 1)))))`);

/** A guest, and a queue in the test's hand: what is queued stays until it is let go, and `isDue` is what is set. */
function world() {
  const tasks: (() => void)[] = [];
  const later: (() => void)[] = [];
  const thread = { isDue: true };
  const runQueue: RunQueue = {
    size: () => tasks.length,
    push: (task) => void tasks.push(task),
    take: () => tasks.shift(),
    isDue: () => thread.isDue,
  };
  const kernel = newKernel({ now: () => 0, later: (task) => void later.push(task), runQueue });
  const domain = spawn(kernel, loadSource(kernel, GUEST), { allowance: PLENTY });
  const answered: number[] = [];
  const ask = (name: number): void =>
    void domain.request(0, Uint8Array.of(0xf7)).then((answer: Answer) => {
      if (answer.kind === "answered" && answer.ok) answered.push(name);
    });
  const rest = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const letGo = async (): Promise<void> => {
    for (let task = later.shift(); task !== undefined; task = later.shift()) {
      task();
      await rest();
    }
  };
  return { thread, domain, ask, answered, rest, letGo, queued: () => tasks.length };
}

describe.skipIf(!newKernel().canSuspend)("a message is read", () => {
  test("that comes when a wake-up is queued, but another message has woken the guest before", async () => {
    const { thread, ask, answered, rest, letGo, queued } = world();
    ask(1); // read at once; the guest waits for another one
    await rest();
    expect(answered).toEqual([1]);
    thread.isDue = false;
    ask(2); // it is not its turn: the wake-up is queued
    expect(queued()).toBe(1);
    thread.isDue = true;
    ask(3); // it is: the guest reads both, and comes to rest
    await rest();
    expect([answered, queued()]).toEqual([[1, 2, 3], 1]);
    ask(4); // what is queued is to read it
    await rest();
    await letGo();
    expect(answered).toEqual([1, 2, 3, 4]);
  });

  test("that comes when an entry is queued, but the guest was entered before and waits by now", async () => {
    const { thread, domain, ask, answered, rest, letGo, queued } = world();
    thread.isDue = false;
    ask(1); // its turn is queued
    expect(queued()).toBe(1);
    const reading = domain.enter("wait", []); // reads it
    await reading;
    const waiting = domain.enter("wait", []); // waits
    await rest();
    ask(2); // what is queued is no wake-up
    expect([answered, queued()]).toEqual([[1], 1]);
    await letGo();
    await waiting;
    expect(answered).toEqual([1, 2]);
  });
});
