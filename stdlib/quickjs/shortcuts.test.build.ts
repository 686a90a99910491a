// Short ways through the engine leave its memory as the long ways do. The oracle is the binary as npm ships it, byte for
// byte: a value that is let go of too early, too late or never shows in the heap.
import { describe, expect, test } from "vitest";
import { type Shipped, shippedEngine, startShipped } from "./engine.build.ts";
import { CODE, readBodies, readSections, writeBodies, writeSections } from "./sections.build.ts";
import { shorten } from "./shortcuts.build.ts";
import { evaluate } from "./testing/shipped.build.ts";

const STACK_TOP = 1_048_576;
/** Of a context: the count of the interrupt that nobody asks for any more. */
const INTERRUPT_COUNTER = 292;

const PROGRAMS = {
  "objects, shared and let go":
    "const a = []; for (let i = 0; i < 500; i++) a.push({ i, a: [i] }); a.splice(100, 300); return a.length",
  "cycles that only the collector finds":
    "let last; for (let i = 0; i < 3000; i++) { const a = {}, b = { a }; a.b = b; a.self = a; last = b; } return typeof last.a.b",
  strings:
    "let s = ''; for (let i = 0; i < 400; i++) s = (s + i).slice(-50).toUpperCase().split('1').join('-'); return s",
  "numbers of every kind":
    "let n = 2n ** 200n; for (let i = 0; i < 99; i++) n = n * 3n % 10n ** 60n; return [n, 0.1 + 0.2, -0].join()",
  "errors, thrown and caught":
    "let n = 0; for (let i = 0; i < 300; i++) try { null.x } catch (e) { n += e.message.length } return n",
  "generators left half-way":
    "function* g() { try { yield [1]; yield {}; } finally {} } for (let i = 0; i < 200; i++) g().next(); return 1",
  "closures and classes":
    "class A { #x = {}; get x() { return this.#x } } const f = []; for (let i = 0; i < 300; i++) { const a = new A(); f.push(() => a.x) } return f.map((g) => typeof g()).length",
  "maps, sets, symbols":
    "const m = new Map(), s = new Set(); for (let i = 0; i < 500; i++) { m.set(Symbol(), {}); s.add('k' + i % 7) } m.clear(); return s.size",
  "weak references":
    "const w = new WeakMap(); let r; for (let i = 0; i < 200; i++) { const k = {}; w.set(k, [k]); r = new WeakRef(k) } return typeof r.deref()",
  "promises that wait for ever": "for (let i = 0; i < 200; i++) new Promise(() => {}).then(() => i); return 1",
  "regular expressions, dates, bytes":
    "let n = 0; for (let i = 0; i < 200; i++) n += 'a1b22c333'.match(/\\d+/g).length + new Date(i).getTime() + new Uint8Array(i).length; return n",
  "recursion, and a throw through all of it":
    "const f = (o, n) => { if (n === 0) throw o; f({ o }, n - 1) }; try { f({}, 60) } catch (e) { return typeof e.o }",
};

const run = (engine: Shipped, source: string): string => evaluate(engine, `(() => { ${source} })() + ""`);

/** All above the stack, without the count. */
function heapOf(engine: Shipped): Uint8Array {
  const memory = new Uint8Array(engine.memory.buffer.slice(0));
  new DataView(memory.buffer).setInt32(engine.qjs_get_context_ptr() + INTERRUPT_COUNTER, 0, true);
  return memory.subarray(STACK_TOP);
}

describe("short ways through the engine", () => {
  const short = shorten(shippedEngine());

  test.each(Object.entries(PROGRAMS))("leave the memory as the long ways do: %s", (_name, source) => {
    const [ours, shipped] = [startShipped(short), startShipped()];
    for (let round = 0; round < 3; round++) expect(run(ours, source)).toBe(run(shipped, source));
    expect(Buffer.compare(heapOf(ours), heapOf(shipped))).toBe(0);
  });

  test("a heap that differs by one count is seen", () => {
    const [one, other] = [startShipped(short), startShipped()];
    run(one, "globalThis.kept = {}; globalThis.again = kept; 1");
    run(other, "globalThis.kept = {}; globalThis.again = {}; 1");
    expect(Buffer.compare(heapOf(one), heapOf(other))).not.toBe(0);
  });

  test.each([
    ["shortened already", () => short],
    ["without code", () => writeSections([])],
    [
      "with a function twice",
      () => {
        const twice = (section: Uint8Array): Uint8Array => {
          const bodies = readBodies(section);
          return writeBodies([...bodies, ...bodies]);
        };
        const sections = readSections(shippedEngine());
        return writeSections(sections.map(({ id, body }) => ({ id, body: id === CODE ? twice(body) : body })));
      },
    ],
  ])("another engine is refused: one %s", (_name, make) => {
    expect(() => shorten(make())).toThrow("this engine has other functions to shorten");
  });
});
