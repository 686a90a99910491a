// biome-ignore-all lint/complexity/noExcessiveLinesPerFunction: tests
// What a guest does when it learns that it is a copy. The message is put in by hand: to the guest it makes no
// difference whether its memory was copied before.
import { describe, expect, test } from "vitest";
import { ENGINE, MESSAGE } from "../abi.ts";
import { encode } from "./testing/cbor.build.ts";
import { failure, fresh } from "./testing/fresh.build.ts";

type Host = Awaited<ReturnType<typeof fresh>>;
const fork = (host: Host, incarnation = 1) => host.inject(encode([MESSAGE.FORKED, incarnation]));

/** A clock that is set by hand, and sleeps that end when the test says so. */
function handClock() {
  const clock = { time: 1000 };
  const sleeps: { ms: number; end: () => void }[] = [];
  const system = {
    clock: { now: () => clock.time },
    timers: { sleep: (ms: number) => new Promise<undefined>((end) => sleeps.push({ ms, end: () => end(undefined) })) },
  };
  return { clock, sleeps, system };
}

/** Lets what the sleeps have ended reach the inbox. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a copy", () => {
  test("calls in flight are refused, and later ones are answered", async () => {
    const calls: ((v: unknown) => void)[] = [];
    const grants = { h: { later: () => new Promise((resolve) => calls.push(resolve)) } };
    const host = await fresh({ grants });
    await host.run(`
      globalThis.ends = [];
      const note = (p, k) => p.then((v) => ends.push([k, v]), (e) => ends.push([k, e instanceof Error, e.code, e.message]));
      note(h.later(), 1); note(h.later(), 2); 0`);
    fork(host);
    expect(await host.run("await null; ends")).toEqual({
      value: [
        [1, true, "E_FORKED", "the call stayed with the original of this copy"],
        [2, true, "E_FORKED", "the call stayed with the original of this copy"],
      ],
    });
    await host.run("note(h.later(), 3); 0");
    for (const end of calls) end("late");
    await settled();
    expect(await host.run("await null; ends.slice(2)")).toEqual({ value: [[3, "late"]] });
  });

  test("a call whose refusal nobody awaits is reported as any rejection is", async () => {
    const host = await fresh({ grants: { h: { later: () => new Promise(() => {}) } } });
    await host.run("h.later(); 0");
    fork(host);
    await host.run("0");
    expect(host.console.join()).toMatch(/Uncaught \(in promise\) Error: the call stayed with the original/);
  });

  test("timers sleep again for what is left of their time, in the order in which they are due", async () => {
    const { clock, sleeps, system } = handClock();
    const host = await fresh({ system });
    await host.run(`
      globalThis.fired = [];
      setTimeout(() => fired.push("c"), 300); setTimeout(() => fired.push("a"), 100);
      setTimeout(() => fired.push("b"), 300 - 100); setInterval(() => fired.push("i"), 200); setTimeout(() => fired.push("z"), 10); 0`);
    expect(sleeps.splice(0).map(({ ms }) => ms)).toEqual([300, 100, 200, 200, 10]);
    clock.time += 40;
    fork(host);
    expect(await host.run("fired")).toEqual({ value: [] });
    const again = sleeps.splice(0);
    expect(again.map(({ ms }) => ms)).toEqual([0, 60, 160, 160, 260]);
    for (const { end } of again) end();
    await settled();
    expect(await host.run("fired")).toEqual({ value: ["z", "a", "b", "i", "c"] });
    expect(sleeps.map(({ ms }) => ms)).toEqual([200]);
  });

  test("a sleep of the original ends no timer of the copy, and a cleared timer stays cleared", async () => {
    const { sleeps, system } = handClock();
    const host = await fresh({ system });
    await host.run("globalThis.n = 0; setInterval(() => n++, 5); const gone = setTimeout(() => n += 100, 5); 0");
    await host.run("clearTimeout(gone); 0");
    fork(host);
    fork(host, 2);
    await host.run("0");
    for (const { end } of sleeps.splice(0)) end();
    await settled();
    expect(await host.run("n")).toEqual({ value: 1 });
    expect(sleeps.length).toBe(1);
  });

  test("random bytes at hand are forgotten", async () => {
    const asked: number[] = [];
    const bytes = (n: number) => {
      asked.push(n);
      return crypto.getRandomValues(new Uint8Array(n));
    };
    const host = await fresh({ system: { random: { bytes } } });
    await host.run("Math.random()");
    await host.run("Math.random()");
    expect(asked.length).toBe(1);
    fork(host);
    await host.run("Math.random()");
    expect(asked.length).toBe(2);
  });

  test("what was asked of the original is not answered, even under a token that comes again", async () => {
    const { sleeps, system } = handClock();
    const host = await fresh({ system });
    const source = "await new Promise((resolve) => setTimeout(resolve, 50)); 'old'";
    const token = host.post(ENGINE.RUN, { source, name: "x", kind: "auto" });
    const drain = host.post(ENGINE.DRAIN, undefined);
    host.turn();
    fork(host);
    const never = "await new Promise(() => {})";
    host.inject(encode([MESSAGE.REQUEST, token, ENGINE.RUN, { source: never, name: "x", kind: "auto" }]));
    host.turn();
    for (const { end } of sleeps) end();
    await settled();
    host.turn();
    expect([host.answered.has(token), host.answered.has(drain)]).toEqual([false, false]);
    expect(await host.run("'new'")).toEqual({ value: "new" });
  });

  test("only the whole message means it", async () => {
    const host = await fresh({ grants: { h: { later: async (v: unknown) => v, never: () => new Promise(() => {}) } } });
    await host.run("globalThis.p = h.later(5); 0");
    host.inject(encode([MESSAGE.FORKED]));
    host.inject(encode([MESSAGE.FORKED, 1, 2]));
    host.inject(encode([MESSAGE.FORKED, -1]));
    host.inject(Uint8Array.of(0x82, MESSAGE.FORKED));
    host.inject(Uint8Array.of(0x82));
    expect(await host.run("await p")).toEqual({ value: 5 });
    await host.run("globalThis.q = h.never(); q.catch(() => {}); 0");
    fork(host);
    expect(await failure(host.run("await q"))).toMatchObject({ code: "E_FORKED" });
  });
});
