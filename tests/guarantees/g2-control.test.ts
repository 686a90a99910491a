import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FIRST_GUEST, IMPORTS, nameable, TRAMPOLINES } from "../../kernel/index.ts";
import { leb } from "../kit/assemble.ts";
import { runs } from "../kit/confinement.ts";
import { decodeModule, disassemble } from "../kit/disassemble.ts";
import { anyProgram } from "../kit/generators.ts";
import { append, editSection } from "../kit/surgery.ts";
import { victim } from "../kit/victim.ts";
import { wat } from "../kit/wat.ts";
import { artifactBytes, mustReturn, newKernel, spawn, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";

const kernel = newKernel();

describe("G2 control: what guest code can name", () => {
  test("nameable are guest functions and public trampolines, and nothing else", () => {
    for (let index = 0; index < IMPORTS.length; index++) expect(nameable(index)).toBe(false);
    for (const [index, { name }] of TRAMPOLINES.entries())
      expect(nameable(IMPORTS.length + index)).toBe(name !== "refuel");
    expect(nameable(FIRST_GUEST)).toBe(true);
  });

  test("no accepted artifact calls, lists or exports an import, or calls refuel outside a charge", () => {
    fc.assert(
      fc.property(anyProgram(), ({ bytes }) => {
        const artifact = artifactBytes(bytes);
        expect(kernel.load(artifact)).toBeReturned();
        const { bodies, elements, exports } = decodeModule(artifact);
        const named = elements.flatMap(({ functions }) => functions);
        for (const { kind, index } of exports) if (kind === 0) named.push(index);
        for (const body of bodies.slice(TRAMPOLINES.length)) {
          const seen = disassemble(artifact, body);
          seen.forEach(({ name, first }, i) => {
            const isCharge = seen[i - 1]?.name === "if" && seen[i + 1]?.name === "end" && first === IMPORTS.length;
            if (name === "call" && !isCharge) named.push(first as number);
          });
        }
        for (const index of named) expect(nameable(index)).toBe(true);
      }),
      runs(100),
    );
  });

  test("whatever number a guest calls indirectly, it reaches its own functions and public trampolines or traps", async () => {
    const source = wat(`(module (import "cordon" "reply" (func $reply (param i32 i32) (result i32)))
      (table 6 6 funcref) (elem (i32.const 1) $reply $own $own)
      (type $two (func (param i32 i32) (result i32)))
      (func $own (param i32 i32) (result i32) (i32.const 77))
      (func (export "go") (param i32) (result i32)
        (call_indirect (type $two) (i32.const 0) (i32.const 0) (local.get 0))))`);
    const answers = [];
    for (const index of [0, 1, 2, 3, 4, 5, 6, -1, 0x7fff_ffff]) {
      const outcome = await spawnSource(kernel, source).enter("go", [index]);
      answers.push(outcome.kind === "returned" ? outcome.value : outcome.kind);
    }
    // 1 is the gate, behind its trampoline: nothing waits for it.
    expect(answers).toEqual(["trap", -1, 77, 77, "trap", "trap", "trap", "trap", "trap"]);
  });

  test("a gate in a table is paid for like any other", async () => {
    const source = wat(`(module (import "cordon" "reply" (func $reply (param i32 i32) (result i32)))
      (table 1 1 funcref) (elem (i32.const 0) $reply) (type $two (func (param i32 i32) (result i32)))
      (func (export "go") (loop (drop (call_indirect (type $two) (i32.const 0) (i32.const 0) (i32.const 0))) (br 0))))`);
    const domain = spawnSource(kernel, source, { allowance: { fuel: 100_000 } });
    expect(await domain.enter("go", [])).toBeExhausted("fuel");
  });

  test("a trampoline may be exported: it is the same trampoline", async () => {
    const artifact = mustReturn(kernel.load(append(victim(), 7, [1, 0x78, 0, ...leb(IMPORTS.length + 1)])));
    expect(artifact.entries).toContain("x");
    expect(await spawn(kernel, artifact).enter("x", [])).toBeReturned(1);
  });

  test("a start function of a source runs as cordon_init, once, under fuel", async () => {
    const source = wat(`(module (global $n (mut i32) (i32.const 0))
      (func $start (global.set $n (i32.add (global.get $n) (i32.const 1)))) (start $start)
      (func (export "n") (result i32) (global.get $n)))`);
    const domain = spawnSource(kernel, source);
    for (let i = 0; i < 3; i++) expect(await domain.enter("n", [])).toBeReturned(1);
    const spinning = wat('(module (func $s (loop (br 0))) (start $s) (func (export "n")))');
    expect(await spawnSource(kernel, spinning, { allowance: { fuel: 1000 } }).enter("n", [])).toBeExhausted("fuel");
    expect(kernel.load(editSection(victim(), 8, () => [FIRST_GUEST]))).toBeInvalid();
  });
});
