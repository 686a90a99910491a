// Artifacts kept by the hash of what they are made of: used when they can be, and never believed.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { findAsset } from "../../embed/node/assets.ts";
import { runProgram as runWithNode } from "../../embed/node/program.ts";
import { hashToolchain, toolchainHash } from "../../embed/node/toolchain-hash.ts";
import { newProgramRunner, type ProgramResult } from "../../embed/program.ts";
import { type ArtifactCache, type ArtifactNaming, artifactKey } from "../../embed/program-cache.ts";
import { programFacts } from "../../embed/program-facts.ts";
import { createKernel } from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/index.ts";
import { link } from "../../stdlib/toolchain/index.ts";
import { assembled, fixture } from "./programs.ts";

const library = readFileSync(findAsset("wasi.wasm") as string);
const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const naming = (version: string | undefined): ArtifactNaming => ({ toolchain: () => version, sha256 });
/** A new one knows nothing: as the next process. */
const nextProcess = (version: string | undefined = "1") =>
  newProgramRunner({ library: () => library, naming: naming(version) });

interface Shelf extends ArtifactCache {
  readonly entries: Map<string, Uint8Array>;
}
function shelf(): Shelf {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    get: vi.fn((key: string) => entries.get(key)),
    set: vi.fn((key: string, bytes: Uint8Array) => entries.set(key, bytes)),
  };
}
const onlyEntry = ({ entries }: Shelf): [string, Uint8Array] => [...entries][0] as [string, Uint8Array];

const returning = (n: number, more = ""): Uint8Array =>
  assembled(`(module ${more} (func (export "main") (result i32) (i32.const ${n})))`);
const exitCode = async (run: Promise<ProgramResult>): Promise<number | undefined> => (await run).exitCode;

describe("a cache of artifacts", () => {
  test("is asked for what another process has made, and the program runs from it", async () => {
    const cache = shelf();
    const module = fixture("tools");
    const first = await nextProcess()({ module, cache, args: ["tools", "nix"] });
    expect(cache.set).toHaveBeenCalledTimes(1);
    const second = await nextProcess()({ module, cache, args: ["tools", "nix"] });
    expect(cache.get).toHaveBeenCalledTimes(2);
    expect(cache.set).toHaveBeenCalledTimes(1);
    expect({ ...second, usage: 0 }).toEqual({ ...first, usage: 0 });
    expect(second.usage.fuel).toBe(first.usage.fuel);
  });

  test("what it has is really what runs", async () => {
    const cache = shelf();
    await nextProcess()({ module: returning(1), cache });
    const [key] = onlyEntry(cache);
    const other = shelf();
    await nextProcess()({ module: returning(2), cache: other });
    const artifact = onlyEntry(other)[1].subarray(32);
    const seal = sha256(Buffer.from(`${key} ${Buffer.from(sha256(artifact)).toString("hex")}`));
    cache.entries.set(key, Buffer.concat([seal, artifact]));
    expect(await exitCode(nextProcess()({ module: returning(1), cache }))).toBe(2);
  });

  test("promises of it are awaited", async () => {
    const inner = shelf();
    const cache: ArtifactCache = {
      get: async (key) => inner.get(key),
      set: async (key, bytes) => inner.set(key, bytes),
    };
    await nextProcess()({ module: returning(5), cache });
    expect(await exitCode(nextProcess()({ module: returning(5), cache }))).toBe(5);
    expect(inner.set).toHaveBeenCalledTimes(1);
  });

  test("the key changes with the program, the library, the toolchain and the options", () => {
    const [one, two] = [returning(1), returning(2)];
    const keys = [
      artifactKey(naming("1"), one, library, {}),
      artifactKey(naming("1"), two, library, {}),
      artifactKey(naming("1"), one, two, {}),
      artifactKey(naming("1"), library, one, {}),
      artifactKey(naming("2"), one, library, {}),
      artifactKey(naming("1"), one, library, { padShadowStack: "sp" }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(artifactKey(naming("1"), one, library, {})).toBe(keys[0]);
  });

  test("a toolchain that cannot tell what it is uses none", async () => {
    const cache = shelf();
    expect(await exitCode(newProgramRunner({ library: () => library })({ module: returning(3), cache }))).toBe(3);
    expect(await exitCode(nextProcess("")({ module: returning(3), cache }))).toBe(3);
    expect(cache.set).toHaveBeenCalledTimes(1);
    const nameless = newProgramRunner({ library: () => library, naming: naming(undefined) });
    expect(await exitCode(nameless({ module: returning(4), cache }))).toBe(4);
    expect(cache.set).toHaveBeenCalledTimes(1);
  });

  test("a program that is refused is not kept", async () => {
    const cache = shelf();
    const bad = [Uint8Array.of(1, 2, 3), assembled(`(module (import "nix" "nix" (func)))`)];
    for (const module of bad) expect((await nextProcess()({ module, cache })).status).toBe("refused");
    expect(cache.set).not.toHaveBeenCalled();
  });
});

describe("a cache is not believed", () => {
  const module = returning(7);
  async function kept(): Promise<[string, Uint8Array]> {
    const cache = shelf();
    await nextProcess()({ module, cache });
    return onlyEntry(cache);
  }
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

  test("a damaged entry is made again: every byte of it, flipped or cut off", async () => {
    const [key, good] = await kept();
    const cuts = [0, 1, 31, 32, 33, good.length - 1].map((length) => good.subarray(0, length));
    const longer = Buffer.concat([good, Uint8Array.of(0)]);
    const flips = Array.from({ length: 40 }, (_, i) => flipped(good, Math.floor((i * good.length) / 40)));
    for (const bad of [...cuts, longer, ...flips]) {
      const cache = shelf();
      cache.entries.set(key, bad);
      expect(await exitCode(nextProcess()({ module, cache }))).toBe(7);
      expect(onlyEntry(cache)[1]).toEqual(good);
    }
  });

  test("an entry under another key is made again", async () => {
    const cache = shelf();
    const [key] = await kept();
    const other = shelf();
    await nextProcess()({ module: returning(8), cache: other });
    cache.entries.set(key, onlyEntry(other)[1]);
    expect(await exitCode(nextProcess()({ module, cache }))).toBe(7);
  });

  /** A cache whose entries are well sealed: whoever writes to it knows how. */
  function forged(artifact: Uint8Array): ArtifactCache & { readonly sets: () => number } {
    let sets = 0;
    return {
      get: (key) =>
        Buffer.concat([sha256(Buffer.from(`${key} ${Buffer.from(sha256(artifact)).toString("hex")}`)), artifact]),
      set: () => sets++,
      sets: () => sets,
    };
  }

  test.each([
    ["no artifact but a source module", returning(9)],
    ["no module", Uint8Array.of(0, 1, 2, 3)],
    ["nothing", new Uint8Array(0)],
  ])("well sealed, but %s: the verifier refuses it, and it is made again", async (_what, artifact) => {
    const cache = forged(artifact);
    expect(await exitCode(nextProcess()({ module, cache }))).toBe(7);
    expect(cache.sets()).toBe(1);
  });

  test("an artifact whose checks were taken out is refused, byte by byte", async () => {
    const [, entry] = await kept();
    const artifact = entry.subarray(32);
    const kernel = createKernel({ utf8, now: () => 0, later: () => undefined, runQueue: fairQueue() });
    expect(kernel.load(artifact).kind).toBe("returned");
    let refused = 0;
    for (let at = 8; at < artifact.length; at += 3) {
      const bad = flipped(artifact, at);
      const isRefused = kernel.load(bad).kind !== "returned";
      if (isRefused) refused++;
      const cache = forged(bad);
      const result = await nextProcess()({ module, cache, limits: { fuel: 1e6, wall: 1_000 } });
      expect(["returned", "trapped", "exhausted", "refused"]).toContain(result.status);
      if (isRefused) expect(result.exitCode).toBe(7);
    }
    expect(refused).toBeGreaterThan(20);
  });

  test("what is known of a program is its own: entries, their types, the library, the memory's maximum", async () => {
    const artifactOf = async (source: Uint8Array): Promise<Uint8Array> => {
      const cache = shelf();
      await nextProcess()({ module: source, cache, entry: "main" });
      return onlyEntry(cache)[1].subarray(32);
    };
    const GROWS = `(func (export "main") (result i32) (memory.grow (i32.const 5)))`;
    const unbounded = await artifactOf(assembled(`(module (memory 1) ${GROWS})`));
    const bounded = assembled(`(module (memory 1 2) ${GROWS})`);
    expect(await nextProcess()({ module: bounded, cache: forged(unbounded), entry: "main" })).toMatchObject({
      value: -1,
    });

    const takesTwo = await artifactOf(
      assembled(`(module (func (export "main") (param i64 i64) (result i32) (i32.const 1)))`),
    );
    const wrongType = await nextProcess()({ module, cache: forged(takesTwo) });
    expect(wrongType.status).toBe("refused");

    const two = assembled(`(module (func (export "main") (result i32) (i32.const 1)) (func (export "b")))`);
    const cache = forged(await artifactOf(module));
    expect(await exitCode(nextProcess()({ module: two, cache, entry: "b" }))).toBe(0);
    expect(cache.sets()).toBe(1);
  });

  test("one that throws, rejects, lies or changes its bytes later harms nothing", async () => {
    const [, good] = await kept();
    const fail = (): never => {
      throw new Error("the cache failed");
    };
    const late = async (): Promise<never> => fail();
    const gets = [fail, late, () => "text", () => null, () => ({ length: 40 }), () => new Uint8Array(0), async () => 5];
    for (const get of gets) {
      for (const set of [fail, late]) {
        const cache = { get, set } as unknown as ArtifactCache;
        expect(await exitCode(nextProcess()({ module, cache }))).toBe(7);
      }
    }
    const mine = good.slice();
    const cache: ArtifactCache = { get: () => mine, set: () => undefined };
    const running = nextProcess()({ module, cache });
    queueMicrotask(() => mine.fill(0));
    expect(await exitCode(running)).toBe(7);
  });

  test.each([5, null, {}, { get: () => undefined }, { get: 1, set: 2 }, "disk"])("%o is no cache", async (cache) => {
    const given = { module, cache: cache as unknown as ArtifactCache };
    await expect(nextProcess()(given)).rejects.toMatchObject({ code: "E_OPTION" });
  });
});

describe("what an artifact is named by", () => {
  test.each(["tools", "words", "hello", "reactor"])("the facts of %s are those that the linker finds", (name) => {
    const linked = link(fixture(name), library);
    const facts = programFacts(fixture(name), utf8);
    expect(linked).toMatchObject({ kind: "linked", usesLibrary: facts?.usesLibrary });
    expect(facts?.entries).toEqual((linked as { entries: unknown }).entries);
    expect(facts?.entries.size).toBeGreaterThan(0);
  });

  test("the facts of no module are none", () => {
    expect(programFacts(Uint8Array.of(0, 1), utf8)).toBeUndefined();
    expect(programFacts(fixture("hello").subarray(0, 300), utf8)).toBeUndefined();
  });

  test("the toolchain's code has a hash: of the sources, and of a bundle; elsewhere there is none", () => {
    const root = join(import.meta.dirname, "../..");
    expect(toolchainHash()).toMatch(/^[0-9a-f]{64}$/);
    expect(hashToolchain(join(root, "embed/node/x.ts"))).toBe(toolchainHash());
    expect(hashToolchain(join(root, "embed/cli/bin.cjs"))).not.toBe(toolchainHash());
    expect(hashToolchain("/no/such/place/at/all/x.js")).toBeUndefined();
  });

  test("runProgram of the package takes one", async () => {
    const cache = shelf();
    const module = returning(77, `(func (export "only-here"))`);
    expect(await exitCode(runWithNode({ module, cache }))).toBe(77);
    expect(cache.entries.size).toBe(1);
  });
});
