// Images of a started engine.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCordon } from "../../embed/api.ts";
import { bakeImage, continueImage, readImage, writeImage } from "../../embed/image.ts";
import { ENGINE_SEGMENT } from "../../embed/segments.ts";
import { encodeValue } from "../../embed/values.ts";
import type { Domain } from "../../kernel/index.ts";
import { ENGINE } from "../../stdlib/abi.ts";
import { engineBytes, newKernel } from "./cordon.ts";

const ask = (domain: Domain, method: number, value: object) => domain.request(method, encodeValue(value).slice());

async function remember(domain: Domain): Promise<void> {
  await ask(domain, ENGINE.CONFIGURE, { grants: {}, system: {}, options: {} });
  await ask(domain, ENGINE.RUN, { source: "const remembered = 42", name: "x.js", kind: "script" });
}

describe("images", () => {
  test("an engine that has started has nothing that its artifact does not begin with", async () => {
    const kernel = newKernel();
    const loaded = kernel.load(engineBytes());
    if (loaded.kind !== "returned") throw new Error("no engine");
    expect(await bakeImage(kernel, loaded.value)).toMatchObject({ pages: loaded.value.initialPages, chunks: [] });
  });

  test("an image is written, read and refused when it is not of this engine", async () => {
    const kernel = newKernel();
    const loaded = kernel.load(engineBytes());
    if (loaded.kind !== "returned") throw new Error("no engine");
    const make = () => continueImage(kernel, loaded.value, undefined, remember);
    const image = await make();
    const file = writeImage(image, engineBytes());
    expect(readImage(file, engineBytes())).toEqual(image);
    expect(Buffer.from(writeImage(await make(), engineBytes())).equals(file)).toBe(true);
    const fails = (bytes: Uint8Array) =>
      expect(() => readImage(bytes, engineBytes())).toThrow(expect.objectContaining({ code: "E_ENGINE" }));
    for (const length of [0, 3, 15, 16, 17, 18, 31, file.length - 1]) fails(file.slice(0, length));
    fails(Buffer.concat([file, Uint8Array.of(0)]));
    for (const at of [0, 4, 16, 17, 18]) fails(file.with(at, 0xff));
    fails(file.with(8, 1 + (file[8] as number)).with(12, 1 + (file[12] as number)));
    const shipped = createCordon({ engine: engineBytes, image: () => file });
    expect(await shipped.run({ source: "remembered" })).toMatchObject({ status: "returned", value: 42 });
  });

  test("one image serves the engine for frames and the one for segments, and no third", () => {
    const twin = Uint8Array.of(1, 2, 3, 4);
    const image = { pages: 1, chunks: [], globals: [7] };
    const file = writeImage(image, engineBytes(), twin);
    for (const artifact of [engineBytes(), twin]) expect(readImage(file, artifact)).toEqual(image);
    expect(() => readImage(file, Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ code: "E_ENGINE" }));
  });

  test("the shipped engine for segments is accepted, and begins with the shipped image", () => {
    const dist = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, "../../dist", name)));
    const segment = dist("engine.segment.wasm");
    expect(newKernel().load(segment, ENGINE_SEGMENT).kind).toBe("returned");
    const image = readImage(dist("engine.image"), segment);
    expect(image.pages * 65_536).toBeLessThanOrEqual((ENGINE_SEGMENT.mask + 1) / 2);
  });
});
