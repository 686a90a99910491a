// Programs written in AssemblyScript, compiled here: with and without its own allocators.
import asc from "assemblyscript/asc";
import { describe, expect, test } from "vitest";
import { runModule } from "./programs.ts";

const SOURCE = `
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, vectors: usize, count: i32, written: usize): i32;

const vector = memory.data(16);

function print(text: string): void {
  const bytes = String.UTF8.encode(text + "\\n");
  store<usize>(vector, changetype<usize>(bytes));
  store<i32>(vector, bytes.byteLength, 4);
  fd_write(1, vector, 1, vector + 8);
}

/** Allocates between prints: the allocator must never be given the library's pages, nor find them in its way. */
export function _start(): void {
  const kept: Array<Array<i32>> = [];
  for (let round = 0; round < 60; round++) {
    const list = new Array<i32>(5000);
    for (let i = 0; i < 5000; i++) list[i] = round;
    kept.push(list);
    if (round % 20 == 0) print("round " + round.toString());
  }
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 5000; i++) if (kept[round][i] != round) print("damaged in round " + round.toString());
  }
  print("done, zwölf");
}

export function fail(at: i32): void {
  assert(at == 0, "no – not zero");
}

export function chance(): f64 {
  return Math.random();
}
`;

async function compiled(...options: string[]): Promise<Uint8Array> {
  let made: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["program.ts", "--outFile", "out.wasm", "-O2", ...options], {
    readFile: (name: string) => (name === "program.ts" ? SOURCE : null),
    writeFile: (name: string, contents: Uint8Array | string) => {
      if (name === "out.wasm" && typeof contents !== "string") made = contents;
    },
    listFiles: () => [],
  });
  if (error || made === undefined) throw new Error(`${error?.message} ${stderr.toString()}`);
  return made;
}

describe.each(["stub", "minimal", "incremental"])(
  "an AssemblyScript program with the %s run-time library",
  (runtime) => {
    test("prints, allocates, aborts with its message, and is seeded", async () => {
      const module = await compiled("--runtime", runtime);
      expect(await runModule(module)).toMatchObject({
        status: "returned",
        out: "round 0\nround 20\nround 40\ndone, zwölf\n",
      });
      expect(await runModule(module, { entry: "fail", entryArgs: [0] })).toMatchObject({ status: "returned" });
      const failed = await runModule(module, { entry: "fail", entryArgs: [1] });
      expect(failed).toMatchObject({
        status: "trapped",
        err: expect.stringMatching(/^no – not zero \(program\.ts:\d+:\d+\)\n$/),
      });
      const chance = async (seed: number): Promise<unknown> =>
        (await runModule(module, { entry: "chance", virtual: { seed } })).result;
      const [one, again, other] = [await chance(1), await chance(1), await chance(2)] as { value: number }[];
      expect(one?.value).toBe(again?.value);
      expect(one?.value).not.toBe(other?.value);
    });
  },
);
