// Programs under monitors of instructions: what a check ends was refused by a policy, and a cache keeps them apart.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findAsset } from "../../embed/node/assets.ts";
import { runProgram } from "../../embed/node/program.ts";
import { newProgramRunner } from "../../embed/program.ts";
import type { ArtifactCache, ArtifactNaming } from "../../embed/program-cache.ts";
import type { Monitors } from "../../kernel/index.ts";
import { monitored } from "../kit/monitored.ts";
import { assembled, fixture } from "./programs.ts";

const divider = assembled(`(module
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))`);
const zero = monitored({ divide: [{ test: [["operand", 0], ["i64.const", 0], ["i64.eq"]], act: ["end", 0] }] }, 0);
const giving: Monitors = monitored(
  { divide: [{ test: [["operand", 0], ["i64.const", 0], ["i64.eq"]], act: ["give", 9] }] },
  0,
);
const divide = (entryArgs: readonly number[], monitors?: Monitors) =>
  runProgram({ module: divider, entry: "divide", entryArgs, monitors });

describe("a program under monitors of instructions", () => {
  test("is refused by the policy where a check ends it, and runs as ever where none does", async () => {
    expect(await divide([7, 0], zero)).toMatchObject({ status: "refused", by: "policy", why: "division by zero" });
    expect(await divide([7, 2], zero)).toMatchObject({ status: "returned", value: 3 });
    expect(await divide([7, 0])).toMatchObject({ status: "trapped" });
  });

  test("of one program one artifact for each policy is kept ready, and none serves for another", async () => {
    for (let round = 0; round < 2; round++) {
      expect(await divide([7, 0], giving)).toMatchObject({ status: "returned", value: 9 });
      expect(await divide([7, 0], zero)).toMatchObject({ status: "refused" });
    }
  });

  test("a program of C that no check meets does what it does without, at the same price", async () => {
    const module = fixture("tools");
    const quiet: Monitors = {
      ...zero,
      on: { ...zero.on, indirect: [{ test: [["operand", 0], ["i64.const", 2 ** 40], ["i64.eq"]], act: ["end", 0] }] },
    };
    const run = async (monitors?: Monitors) => {
      const { stdout, exitCode, usage } = await runProgram({ module, monitors, args: ["tools", "nix"] });
      return { stdout, exitCode, fuel: usage.fuel };
    };
    expect(await run(quiet)).toEqual(await run());
  });

  test("a cache keeps them under other keys, and what it has for one policy is not taken for another", async () => {
    const entries = new Map<string, Uint8Array>();
    const cache: ArtifactCache = { get: (key) => entries.get(key), set: (key, bytes) => entries.set(key, bytes) };
    const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
    const naming: ArtifactNaming = { toolchain: () => "1", sha256 };
    const library = readFileSync(findAsset("wasi.wasm") as string);
    const nextProcess = () => newProgramRunner({ library: () => library, naming });
    const run = (monitors?: Monitors) =>
      nextProcess()({ module: divider, entry: "divide", entryArgs: [7, 0], cache, monitors });
    for (const monitors of [zero, giving, undefined]) await run(monitors);
    expect(entries.size).toBe(3);
    expect([(await run(zero)).status, (await run(giving)).status, (await run()).status]).toEqual([
      "refused",
      "returned",
      "trapped",
    ]);
    const [first, second] = [...entries.keys()] as [string, string];
    entries.set(first, entries.get(second) as Uint8Array);
    expect((await run(zero)).status).toBe("refused");
  });

  test.each([
    ["no data", () => 1],
    ["no reasons", { registers: 0, on: {} }],
    ["a register that is not there", { ...zero, on: { divide: [{ test: [["register", 0]], act: ["end", 0] }] } }],
    ["a word that is none", { ...zero, on: { divide: [{ test: [["i64.div_u"]], act: ["end", 0] }] } }],
    ["checks that are none", { ...zero, on: { divide: [1] } }],
    ["events that are none", { ...zero, on: 5 }],
    ["an event that there is not", { ...zero, on: { divides: [] } }],
  ])("monitors with %s are a mistake of the embedder's", async (_, monitors) => {
    await expect(divide([1, 1], monitors as unknown as Monitors)).rejects.toMatchObject({ code: "E_OPTION" });
  });
});
