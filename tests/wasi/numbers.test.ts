import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decode } from "../../kernel/index.ts";
import { CALL, PROGRAM } from "../../stdlib/abi.ts";

const root = join(import.meta.dirname, "../..");
const source = readFileSync(join(root, "stdlib/wasi/assembly/gates.ts"), "utf8");
const constants = new Map(
  [...source.matchAll(/^export const (\w+): i32 = (-?\d+);/gm)].map(([, name, value]) => [
    name as string,
    Number(value),
  ]),
);

/** "makeDirectory" as a constant spells it. */
const spelled = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

describe("stdlib/wasi/assembly/gates.ts", () => {
  const { FIRST_GRANT, MOST_GRANTS, ...capabilities } = PROGRAM;

  test("every handle and method that the shim uses is the one of PROGRAM", () => {
    const known = new Map<string, number>([
      ["CALL_ERROR", CALL.ERROR],
      ["CALL_PENDING", CALL.PENDING],
      ["CALL_AWAITED", CALL.AWAITED],
    ]);
    for (const [name, { handle, methods }] of Object.entries(capabilities)) {
      known.set(name, handle);
      for (const [number, method] of methods.entries()) known.set(`${name}_${spelled(method)}`, number);
    }
    expect(constants.size).toBeGreaterThan(20);
    for (const [name, value] of constants) expect([name, value]).toEqual([name, known.get(name)]);
  });

  test("handles of grants meet no others", () => {
    const others = Object.values(capabilities).map(({ handle }) => handle);
    expect(new Set(others).size).toBe(others.length);
    for (const handle of others) expect(handle < FIRST_GRANT || handle >= FIRST_GRANT + MOST_GRANTS).toBe(true);
  });
});

describe("dist/wasi.wasm", () => {
  const { imports, memories, tables, data, elements, start, globals } = decode(
    readFileSync(join(root, "dist/wasi.wasm")),
    (bytes) => new TextDecoder().decode(bytes),
  );

  test("has nothing of its own in a program's memory or table, and runs nothing unasked", () => {
    expect({ memories, tables, data, elements, start }).toEqual({
      memories: [],
      tables: [],
      data: [],
      elements: [],
      start: undefined,
    });
    expect(globals.length).toBeGreaterThan(0);
  });

  test("imports the program's memory and gates, and nothing else", () => {
    const names = imports.map(({ module, name }) => `${module}.${name}`).toSorted();
    expect(names).toEqual(["cordon.answer", "cordon.call", "cordon.receive", "cordon.reply", "env.memory"]);
  });
});
