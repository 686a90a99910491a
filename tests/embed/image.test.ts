// Images of a started engine.
import { describe, expect, test } from "vitest";
import { createCordon } from "../../embed/api.ts";
import { bakeImage, readImage, writeImage } from "../../embed/image.ts";
import { engineBytes, newKernel } from "./cordon.ts";

describe("images", () => {
  test("an image is written, read and refused when it is not of this engine", async () => {
    const kernel = newKernel();
    const loaded = kernel.load(engineBytes());
    if (loaded.kind !== "returned") throw new Error("no engine");
    const image = await bakeImage(kernel, loaded.value);
    const file = writeImage(image, engineBytes());
    expect(readImage(file, engineBytes())).toEqual(image);
    expect(Buffer.from(writeImage(await bakeImage(kernel, loaded.value), engineBytes())).equals(file)).toBe(true);
    const fails = (bytes: Uint8Array) =>
      expect(() => readImage(bytes, engineBytes())).toThrow(expect.objectContaining({ code: "E_ENGINE" }));
    for (const length of [0, 3, 11, 12, 13, 14, 15, 27, file.length - 1]) fails(file.slice(0, length));
    fails(Buffer.concat([file, Uint8Array.of(0)]));
    for (const at of [0, 4, 8, 12, 13, 14, 15]) fails(file.with(at, 0xff));
    const shipped = createCordon({ engine: engineBytes, image: () => file });
    expect(await shipped.run({ source: "1 + 1" })).toMatchObject({ status: "returned", value: 2 });
  });
});
