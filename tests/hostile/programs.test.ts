// Programs whose bytes change, vanish or lie while they are looked at.
import { describe, expect, test } from "vitest";
import { runProgram } from "../../embed/node/index.ts";
import { createKernel } from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/index.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";
import { thrownBy } from "./odd.ts";

/** (module (func (export "main") (result i32) (i32.const N))), for N below 64. */
const giving = (n: number): Uint8Array =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0],
    ...[7, 8, 1, 4, 0x6d, 0x61, 0x69, 0x6e, 0, 0, 10, 6, 1, 4, 0, 0x41, n, 0x0b],
  ]);

describe("the bytes of a program", () => {
  test("may be changed and used again at once, in a Buffer too", async () => {
    for (const module of [giving(1), Buffer.from(giving(1)), new Uint8Array(new SharedArrayBuffer(giving(1).length))]) {
      for (const n of [1, 2, 3, 1]) {
        module.set(giving(n));
        const running = runProgram({ module });
        module.set(giving(9));
        expect(await running).toMatchObject({ status: "returned", exitCode: n });
      }
    }
  });

  test("that are detached are none", async () => {
    const module = giving(1);
    structuredClone(module.buffer, { transfer: [module.buffer as ArrayBuffer] });
    expect(await thrownBy(() => runProgram({ module }))).toMatch(/^E_OPTION: module/);
  });

  test("of a class with methods of its own: none of them is asked", async () => {
    class Lying extends Uint8Array {
      override slice(): never {
        throw new Error("slice");
      }
      override get length(): number {
        return 0;
      }
      static get [Symbol.species](): never {
        throw new Error("species");
      }
    }
    expect(await runProgram({ module: new Lying(giving(4)) })).toMatchObject({ exitCode: 4 });
  });

  // DESIGN 5: the kernel copies the bytes once, and all that follows reads that copy only. A Buffer's own slice copies nothing.
  test("are copied by the kernel itself before it looks", () => {
    const made = instrument(giving(1));
    if (made.kind !== "instrumented") throw new Error("not instrumented");
    const given = Buffer.from(made.bytes);
    const utf8 = (bytes: Uint8Array): string => {
      given.fill(0);
      return new TextDecoder().decode(bytes);
    };
    const kernel = createKernel({ utf8, now: () => 0, later: setImmediate, runQueue: fairQueue() });
    expect(kernel.load(given).kind).toBe("returned");
    expect(given.every((byte) => byte === 0)).toBe(true);
  });
});
