// Programs for copies: state of every kind that a guest can have, and steps that use all of it. A step gives a value that
// depends on what is there, so that copies which differ anywhere soon differ in what they give.
import { fc } from "@fast-check/vitest";

/** Defines the state. `tools` is granted. */
export const STATE = `
  let n = 1; const list = []; const map = new Map(); const set = new Set(); const log = [];
  const counter = (() => { let own = 0; return () => ++own })();
  const gen = (function* () { let i = 0; while (true) i += (yield i) ?? 1 })(); gen.next();
  const gates = []; const waitFor = () => new Promise((go) => gates.push(go));
  const typed = new Uint32Array(8); const weak = new WeakMap(); const key = {}; weak.set(key, 1);
  class Account { #sum = 0; add(x) { this.#sum += x; return this.#sum } }
  const account = new Account();
  const loop = (async () => { for (let i = 0; ; i++) { const got = await waitFor(); log.push("loop" + i + got); await null; n += 1 } })();
  const timers = [];
  globalThis.step = async (kind, x) => {
    switch (kind) {
      case "add": n += x; return n;
      case "push": list.push({ x, at: list.length, self: list }); return list.length;
      case "map": map.set("k" + (x % 7), (map.get("k" + (x % 7)) ?? 0) + x); return [...map];
      case "set": set.has(x) ? set.delete(x) : set.add(x); return [...set];
      case "closure": return counter();
      case "gen": return gen.next(x).value;
      case "typed": typed[x % 8] += x * 7919; return [...typed];
      case "weak": weak.set(key, weak.get(key) + x); return weak.get(key);
      case "private": return account.add(x);
      case "open": gates.shift()?.(x); return log.length;
      case "then": waitFor().then((got) => log.push("then" + x + got)); return gates.length;
      case "call": return tools.add(n, x);
      case "later": return tools.later(x);
      case "say": console.log("said", x, n); return null;
      case "timer": setTimeout(() => log.push("timer" + x), x * 10); return null;
      case "interval": timers.push(setInterval(() => log.push("tick" + x), 20 + x)); return timers.length;
      case "clear": clearInterval(timers.shift()); return timers.length;
      case "wait": await new Promise((go) => setTimeout(go, x)); return log.slice(-9);
      case "throw": throw new RangeError("step " + x);
      case "define": globalThis["g" + x] = n; return Object.keys(globalThis).length;
      case "regexp": { const r = /a/g; r.lastIndex = x % 2; return r.test("aaa") }
      case "date": return Date.now();
      case "sum": return JSON.stringify([n, list.length, [...map], [...set], log, [...typed], timers.length]);
    }
  }; 0`;

export const KINDS = [
  "add",
  "push",
  "map",
  "set",
  "closure",
  "gen",
  "typed",
  "weak",
  "private",
  "open",
  "then",
  "call",
  "later",
  "say",
  "timer",
  "interval",
  "clear",
  "wait",
  "throw",
  "define",
  "regexp",
  "date",
  "sum",
] as const;

export interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly x: number;
}

export const anyStep: fc.Arbitrary<Step> = fc.record({ kind: fc.constantFrom(...KINDS), x: fc.nat(40) });
export const anySteps = fc.array(anyStep, { maxLength: 12 });
