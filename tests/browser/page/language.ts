// Trials of guests by themselves: languages, values, state, errors, determinism.

import type { Cordon } from "../../../embed/index.ts";
import { recurse } from "../../hostile/recursion.ts";
import { type Api, gave, type Trial } from "./api.ts";

/** One of each kind that crosses, and a few that went wrong elsewhere. */
const values = (): Record<string, unknown> => ({
  ...{ nothing: undefined, none: null, yes: true, zero: -0, not: Number.NaN, far: -Infinity, tiny: 5e-324 },
  ...{ big: -(2n ** 70n), text: "\u{1f600} \ud800 \0", empty: "", bytes: new Uint8Array([0, 255]) },
  ...{ floats: new Float64Array([1.5, -0]), date: new Date(86_400_000), map: new Map([[{ a: 1 }, "b"]]) },
  ...{ set: new Set([1, "1"]), list: [1, [2, []]], record: { constructor: 1, a: { b: {} } } },
});

/** A value as text in which every kind differs. */
function spell(value: unknown): string {
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name}(${spell([...value])})`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${[...(value as Uint8Array)].map(spell).join()})`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (Array.isArray(value)) return `[${value.map(spell).join()}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, each]) => `${key}:${spell(each)}`)
      .join()}}`;
  if (typeof value === "string") return `"${[...Array(value.length).keys()].map((i) => value.charCodeAt(i)).join()}"`;
  return Object.is(value, -0) ? "-0" : `${typeof value} ${String(value)}`;
}

/** What a guest can learn of its host by computing; and what it costs, which is the same everywhere. */
export const fingerprint = async ({ cordon }: Pick<Api, "cordon"> | { cordon: Pick<Cordon, "run"> }) => {
  const source = `const list = Array.from({ length: 2000 }, () => Math.random()).sort();
    const odd = new Float64Array([NaN, -NaN, 0 / 0, Math.sqrt(-1)]);
    JSON.stringify([list[0], Date.now(), new Date().toString(), 0.1 ** 7, Math.sin(1e6), 1e21 + "", ...new Uint8Array(odd.buffer)])`;
  const { usage, ...result } = await cordon.run({ source, virtual: { seed: 7, start: 0 } });
  return { value: gave({ ...result, usage }), fuel: usage.fuel, memory: usage.memory };
};

const LATER = "await new Promise((resolve) => setTimeout(resolve, 1e6)); [Math.random(), Date.now()].join()";

export const LANGUAGE: Readonly<Record<string, Trial>> = {
  "JavaScript says hello": {
    run: async ({ cordon }) => gave(await cordon.run({ source: "`hello, ${[6, 7].reduce((a, b) => a * b)}`" })),
    gives: "hello, 42",
  },
  "TypeScript says hello": {
    run: async ({ cordon }) =>
      gave(
        await cordon.run({
          source: "enum E { A = 6 } const f = <T extends number>(n: T): number => n * E.A; `hello, ${f(7)}`",
          language: "typescript",
        }),
      ),
    gives: "hello, 42",
  },
  "a module is given by name, and no other": {
    run: async ({ cordon }) => {
      const modules = { "./double.js": "export const double = (n) => 2 * n" };
      const source = `import { double } from "./double.js"; export default double(21)`;
      const other = await cordon.run({ source: `import "./other.js"`, modules });
      return [gave(await cordon.run({ source, modules })), other.status];
    },
    gives: [42, "threw"],
  },
  "values of every kind come back through a gate as they were": {
    run: async ({ cordon }) => {
      const given = values();
      const seen: unknown[] = [];
      const echo = (value: unknown): unknown => {
        seen.push(value);
        return value;
      };
      const grant = { echo };
      const source = "Object.fromEntries(Object.keys(given).map((key) => [key, echo(given[key])]))";
      const back = gave(await cordon.run({ source, grant, inputs: { given } })) as Record<string, unknown>;
      return Object.keys(given).filter((key, i) => {
        const expected = spell(given[key]);
        return spell(back[key]) !== expected || spell(seen[i]) !== expected;
      });
    },
    gives: [],
  },
  "functions, promises, symbols and thenables do not cross": {
    run: async ({ cordon }) => {
      const live = ["() => 1", "Promise.resolve(1)", "new Proxy(() => 1, {})", "Symbol()", "{ then() {} }"];
      const source = `[${live.map((value) => `(${value})`)}].map((value) => { try { echo(value); return "crossed"; } catch (e) { return e.code; } })`;
      return gave(await cordon.run({ source, grant: { echo: () => "was called" } }));
    },
    gives: ["E_VALUE", "E_VALUE", "E_VALUE", "E_VALUE", "E_VALUE"],
  },
  "a sandbox keeps its state, and no other sees it": {
    run: async ({ cordon }) => {
      await using box = await cordon.createSandbox();
      await using other = await cordon.createSandbox();
      await box.run("globalThis.count = 41; globalThis.next = (by) => count += by");
      return [gave(await box.call("next", 1)), gave(await other.run("typeof count"))];
    },
    gives: [42, "undefined"],
  },
  "an error of the guest is an Error of the page, with its place": {
    run: async ({ cordon }) => {
      const wrong = await cordon.run({ source: "let a;\nlet b = ;", name: "x.js" });
      const thrown = await cordon.run({ source: "\n\n  null.x", name: "y.js" });
      return [wrong, thrown].map((result) => {
        if (result.status !== "threw") return result.status;
        return [result.error instanceof Error, result.error.name, /[xy]\.js:\d+/.exec(result.error.stack ?? "")?.[0]];
      });
    },
    gives: [
      [true, "SyntaxError", "x.js:2"],
      [true, "TypeError", "y.js:3"],
    ],
  },
  "the same program is the same twice, under virtual time and seeded chance": {
    run: async ({ cordon }) => {
      const once = async (seed: number) => gave(await cordon.run({ source: LATER, virtual: { seed, start: 0 } }));
      const first = await once(7);
      return [first === (await once(7)), first === (await once(8)), String(first).endsWith(",1000000")];
    },
    gives: [true, false, true],
  },
  "however deep a guest recurses, it meets an error of its own, and its sandbox goes on": {
    run: ({ cordon }) => recurse(cordon.createSandbox),
    gives: [],
  },
};
