// Images of a started engine.
import { describe, expect, test } from "vitest";
import { createCordon } from "../../embed/api.ts";
import { bakeImage, continueImage, readImage, writeImage } from "../../embed/image.ts";
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
    expect(await bakeImage(kernel, loaded.value)).toEqual({ pages: loaded.value.initialPages, chunks: [] });
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
    for (const length of [0, 3, 19, 20, 27, file.length - 1]) fails(file.slice(0, length));
    fails(Buffer.concat([file, Uint8Array.of(0)]));
    for (const at of [0, 4, 8, 12, 16, 20, 24]) fails(file.with(at + 3, 0xff));
    const shipped = createCordon({ engine: engineBytes, image: () => file });
    expect(await shipped.run({ source: "remembered" })).toMatchObject({ status: "returned", value: 42 });
  });
});
