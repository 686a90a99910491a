// A Cordon for tests, over the engine that the build made. A source module is instrumented here.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type Cordon, createCordon, type Result } from "../../embed/node/index.ts";
import { createKernel } from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/index.ts";
import { buildRepy } from "../../stdlib/repy/bundle.build.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";
import { CONFINEMENT } from "../kit/confinement.ts";

const built = (name: string): string => join(import.meta.dirname, "../../dist", name);
const decoder = new TextDecoder();
export const newKernel = () =>
  createKernel({
    utf8: (bytes) => decoder.decode(bytes),
    now: () => performance.now(),
    later: (task) => void setImmediate(task),
    runQueue: fairQueue(),
  });

let cached: Uint8Array | undefined;
export function engineBytes(): Uint8Array {
  cached ??= artifactOf(readFileSync(built("engine.wasm")));
  return cached;
}

function artifactOf(built: Uint8Array): Uint8Array {
  if (newKernel().load(built).kind === "returned") return built;
  const made = instrument(built, { padShadowStack: "__stack_pointer" });
  if (made.kind !== "instrumented") throw new Error("dist/engine.wasm is stale: npm run build");
  return made.bytes;
}

/** Of the sources as they are, whatever the build made of earlier ones. */
const repyBytes = async (): Promise<Uint8Array> => new TextEncoder().encode(await buildRepy());

/** ... by default confined as the tests of this run are. */
export const cordon = confinedAs(
  createCordon({
    engine: engineBytes,
    repy: repyBytes,
    segmentEngine: () => readFileSync(built("engine.segment.wasm")),
  }),
);
export const { run, createSandbox } = cordon;

function confinedAs(made: Cordon): Cordon {
  if (CONFINEMENT === "frame") return made;
  const how = { confinement: CONFINEMENT };
  return {
    ...made,
    run: (request) => made.run({ ...how, ...request }),
    createSandbox: (options) => made.createSandbox({ ...how, ...options }),
    createTemplate: (request) => made.createTemplate({ ...how, ...request }),
    layer: (options) => made.layer({ ...how, ...options }),
  };
}

/** The value of a run that must have returned. */
export const gave = (result: Result): unknown => {
  expect(result).toMatchObject({ status: "returned" });
  return (result as { value?: unknown }).value;
};
