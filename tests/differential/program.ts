// Programs of named language features, generated: the same seed gives the same program, and a program shrinks.
import fc from "fast-check";
import { newDraw } from "./draw.ts";
import { FEATURES } from "./features.ts";

export interface Program {
  readonly features: readonly string[];
  /** One expression: a promise of text. */
  readonly source: string;
}

/** Values as text that tells -0 from 0 and a hole from undefined, and that every engine can print the same. */
const PRELUDE = `
  const show = (v, d = 0) => {
    if (typeof v === "string") return JSON.stringify(v);
    if (typeof v === "bigint") return v + "n";
    if (Object.is(v, -0)) return "-0";
    if (typeof v === "number" && !Number.isSafeInteger(v)) { // powers of two: see known.ts
      const k = Math.round(Math.log2(Math.abs(v)));
      if (2 ** k === Math.abs(v)) return (v < 0 ? "-2**" : "2**") + k;
    }
    if (typeof v === "symbol") return v.toString();
    if (typeof v === "function") return "function";
    if (typeof v !== "object" || v === null) return String(v);
    if (d > 5) return "...";
    if (Array.isArray(v)) return "[" + Array.from({ length: v.length }, (_, i) => i in v ? show(v[i], d + 1) : "hole").join() + "]";
    if (v instanceof Map || v instanceof Set) return "{" + [...v].map((e) => show(e, d + 1)).join() + "}";
    if (v instanceof Error) return v.name;
    return "{" + Reflect.ownKeys(v).map((k) => String(k) + ":" + show(v[k], d + 1)).join() + "}";
  };
  const log = [];
  const say = (...values) => void log.push(values.map((v) => show(v)).join(" "));
  const queue = (f) => void Promise.resolve().then(f);
  let n = 3, m = -2, s = "abc", list = [5, 1, 4], record = { a: 1, b: 2 };`;

interface Step {
  readonly name: string;
  readonly numbers: readonly number[];
}

/** Each feature in a block of its own: what it throws is recorded too, and the rest still runs. */
const block = ({ name, numbers }: Step, i: number): string => `
  try { // ${name}
    ${FEATURES[name]?.(newDraw(numbers))}
  } catch (e) { say("${i} threw", e); }`;

const assemble = (steps: readonly Step[]): Program => ({
  features: steps.map(({ name }) => name),
  source: `(async () => {${PRELUDE}${steps.map(block).join("")}
  say(n, m, s, list, record);
  return log.join("\\n").slice(0, 100_000);
})()`,
});

const anyStep: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom(...Object.keys(FEATURES)),
  numbers: fc.array(fc.nat(1_000_000), { minLength: 4, maxLength: 12 }),
});

export const anyProgram: fc.Arbitrary<Program> = fc
  .array(anyStep, { minLength: 12, maxLength: 24, size: "max" })
  .map(assemble);
