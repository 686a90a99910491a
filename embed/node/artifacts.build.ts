// What the build makes of the engine: the artifact, the memory it begins with, and the same after the stripper.
import { createKernel, type Domain } from "../../kernel/index.ts";
import { ENGINE } from "../../stdlib/abi.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";
import { bakeImage, continueImage, writeImage } from "../image.ts";
import { decodeValue, encodeValue } from "../values.ts";

export interface Artifacts {
  readonly engine: Uint8Array;
  readonly engineImage: Uint8Array;
  readonly typescriptImage: Uint8Array;
}

const decoder = new TextDecoder();
const kernel = createKernel({
  utf8: (bytes) => decoder.decode(bytes),
  now: () => performance.now(),
  later: (task) => void setImmediate(task),
});

async function ask(domain: Domain, method: number, value: object): Promise<void> {
  const answer = await domain.request(method, encodeValue(value));
  if (answer.kind === "answered" && answer.ok) return;
  const why = answer.kind === "ended" ? JSON.stringify(answer.ending) : decodeValue(answer.bytes);
  throw new Error(`the engine cannot be prepared: ${why}`);
}

async function readStripper(domain: Domain, stripper: string): Promise<void> {
  await ask(domain, ENGINE.CONFIGURE, { grants: {}, system: {}, options: {} });
  await ask(domain, ENGINE.RUN, { source: stripper, name: "strip.js", kind: "script" });
}

/** Makes everything of a source module and the stripper's script. Throws where the verifier refuses. */
export async function makeArtifacts(source: Uint8Array, stripper: string): Promise<Artifacts> {
  const made = instrument(source, { padShadowStack: "__stack_pointer" });
  if (made.kind === "refused") throw new Error(`the engine cannot be instrumented: ${made.why} at ${made.at}`);
  const loaded = kernel.load(made.bytes);
  if (loaded.kind !== "returned") throw new Error(`the verifier refuses the engine: ${JSON.stringify(loaded)}`);
  const image = await bakeImage(kernel, loaded.value);
  const stripped = await continueImage(kernel, loaded.value, image, (domain) => readStripper(domain, stripper));
  return {
    engine: made.bytes,
    engineImage: writeImage(image, made.bytes),
    typescriptImage: writeImage(stripped, made.bytes),
  };
}
