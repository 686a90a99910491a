// Whatever is done to an inserted check, the verifier refuses the module.
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Core, enterAgain, type Tenant } from "../../kernel/domain.ts";
import { DIE, type Mode, newAccount } from "../../kernel/index.ts";
import type { Machine } from "../../kernel/machine.ts";
import { assemble, type Bytes } from "../kit/assemble.ts";
import { anyProgram } from "../kit/generators.ts";
import { FRAME, MAIN, SEGMENT, victim } from "../kit/victim.ts";
import { artifactBytes, mustReturn, newKernel, spawn } from "../kit/world.ts";
import { allInserted, guestBodies } from "./inserted.ts";
import {
  exportMutants,
  flipsOf,
  intrusions,
  layoutMutants,
  type Mutant,
  mutantsOf,
  resumptionMutants,
  trampolineMutants,
} from "./mutants.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const isDeep = process.env["CORDON_DEEP"] === "1";
const seed = Number(process.env["CORDON_SEED"] ?? 1);

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Names of mutants that are accepted. None may be; one that has not changed a byte is no mutant. */
function survivors(original: Uint8Array, mutants: Iterable<Mutant>, mode: Mode): { names: string[]; count: number } {
  const names: string[] = [];
  let count = 0;
  for (const { name, bytes } of mutants) {
    if (same(original, bytes)) continue;
    count++;
    if (kernel.load(bytes, mode).kind === "returned") names.push(name);
  }
  return { names, count };
}

function expectAllRefused(original: Bytes, mutants: Iterable<Mutant>, mode: Mode, atLeast = 1): void {
  expect(kernel.load(original, mode)).toBeReturned();
  const { names, count } = survivors(original, mutants, mode);
  expect(names).toEqual([]);
  expect(count).toBeGreaterThanOrEqual(atLeast);
}

const MODES: readonly [string, Mode][] = [
  ["frame", FRAME],
  ["segment", SEGMENT],
];

describe.each(MODES)("mutants in %s mode", (_, mode) => {
  test("each inserted sequence of the victim, every edit", () => {
    const bytes = victim(mode);
    const inserted = allInserted(bytes, mode);
    expect(new Set(inserted.map(({ kind }) => kind)).size).toBe(mode.kind === "frame" ? 4 : 6);
    expectAllRefused(
      bytes,
      inserted.flatMap((one) => mutantsOf(bytes, one)),
      mode,
      60,
    );
  });

  test("each inserted sequence of the victim, every bit", () => {
    const bytes = victim(mode);
    for (const one of allInserted(bytes, mode)) expectAllRefused(bytes, flipsOf(bytes, one), mode, 16);
  });

  test("inserted sequences of generated programs, every edit", () => {
    for (const { bytes } of fc.sample(anyProgram({ maxTape: 60 }), { seed, numRuns: isDeep ? 100 : 8 })) {
      const artifact = artifactBytes(bytes, mode);
      expectAllRefused(
        artifact,
        allInserted(artifact, mode).flatMap((one) => mutantsOf(artifact, one)),
        mode,
        30,
      );
    }
  });

  test("guest code that does what only inserted code may", () => {
    for (const { bytes } of fc.sample(anyProgram({ maxTape: 30 }), { seed, numRuns: isDeep ? 50 : 4 })) {
      const artifact = artifactBytes(bytes, mode);
      expectAllRefused(artifact, intrusions(artifact, guestBodies(artifact)[0] as number, mode), mode, 20);
    }
  });

  test("what guest code may not do is refused for that, not for what else the edit changed", () => {
    for (const { name, bytes } of intrusions(victim(mode), MAIN, mode)) {
      const refused = kernel.load(bytes, mode);
      expect(refused, name).toBeInvalid();
      expect("rule" in refused && refused.rule, name).not.toMatch(/malformed|V5-weight|V10-enter/);
    }
  });

  test("a trampoline that is one bit or one byte off", () => {
    const bytes = victim(mode);
    expectAllRefused(bytes, trampolineMutants(bytes), mode, 1000);
    expectAllRefused(bytes, resumptionMutants(bytes), mode, 4);
  });

  test("raw gates as elements and exports, globals that the kernel would not find, and other changes of the layout", () => {
    expectAllRefused(victim(mode), layoutMutants(victim(mode)), mode, 20);
    expectAllRefused(victim(mode), exportMutants(victim(mode)), mode, 50);
  });
});

describe("mutants that live", () => {
  test("a charge written with more bytes than it needs means the same, and is accepted", async () => {
    const source = assemble({ functions: [{ params: "i", results: "i", code: [["local.get", 0]], exported: "f" }] });
    const bytes = artifactBytes(source);
    const [enter] = allInserted(bytes, FRAME);
    const cost = enter?.seen[1] as { at: number; first: number };
    const { editBody } = await import("../kit/surgery.ts");
    const long = editBody(bytes, enter?.body as number, cost.at, cost.at + 2, [0x41, cost.first | 0x80, 0x80, 0x00]);
    const results = [];
    for (const one of [bytes, long]) {
      const domain = spawn(kernel, mustReturn(kernel.load(one)));
      results.push([await domain.enter("f", [5]), domain.usage()]);
    }
    expect(results[1]).toEqual(results[0]);
  });
});

describe("stale tokens", () => {
  const newMachine = () => ({ current: undefined, isShared: true, globals: [], initial: [], entries: new Map() });
  const machine: Machine = newMachine();

  function resumeWith(token: number, fields: object = {}, by: Machine = machine): number {
    const core = { schedule: { now: () => 0, unpaid: () => 0 }, resuming: new Map() } as unknown as Core;
    const [start, run] = [
      { id: 7, ending: undefined, left: 10, sliceSize: 5 },
      { frame: { machine }, saved: [] },
    ];
    const tenant = { ...start, ...run, core, account: newAccount(), state: "resuming", ...fields } as unknown as Tenant;
    core.resuming.set(7, tenant);
    return enterAgain(core, by, token);
  }

  test("a stack that is resumed with the token of another tenancy dies", () => {
    expect(resumeWith(7)).toBe(5);
    for (const token of [6, 8, 0, -1]) expect(resumeWith(token)).toBe(DIE);
  });

  test("a token that was used, or that belongs to another machine, is none", () => {
    expect(resumeWith(7, {}, newMachine())).toBe(DIE);
    expect(resumeWith(7, { frame: undefined })).toBe(DIE);
  });

  test("a stack that nobody resumed, or whose domain has ended, dies", () => {
    for (const state of ["idle", "running", "parked", "asleep", "ended"]) expect(resumeWith(7, { state })).toBe(DIE);
    expect(resumeWith(7, { ending: { kind: "aborted" } })).toBe(DIE);
  });
});

const ENGINE = ["../../dist/engine.wasm", "../../dist/engine/engine.wasm"]
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));

describe.skipIf(ENGINE === undefined)("mutants of the engine", () => {
  test("a sample of all of them is refused", () => {
    const bytes = Uint8Array.from(readFileSync(ENGINE as URL));
    const bodies = fc.sample(fc.constantFrom(...guestBodies(bytes)), { seed, numRuns: isDeep ? 40 : 4 });
    for (const body of bodies) {
      const inserted = allInsertedIn(bytes, body);
      const mutants = inserted.flatMap((one) => mutantsOf(bytes, one));
      const sample = fc.sample(fc.constantFrom(...mutants), { seed, numRuns: isDeep ? 50 : 6 });
      expect(survivors(bytes, sample, FRAME).names).toEqual([]);
    }
  }, 600_000);
});

const allInsertedIn = (bytes: Bytes, body: number) =>
  allInserted(bytes, FRAME)
    .filter((one) => one.body === body)
    .slice(0, 6);
