// What the build makes of the engine: an artifact for frames and one for segments, the memory that both begin with, and
// the same after the stripper.
import { type Artifact, createKernel, type Domain, type Image, type Mode } from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/index.ts";
import { ENGINE } from "../../stdlib/abi.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";
import { bakeImage, continueImage, writeImage } from "../image.ts";
import { ENGINE_SEGMENT } from "../segments.ts";
import { decodeValue, encodeValue } from "../values.ts";

export interface Artifacts {
  readonly engine: Uint8Array;
  readonly engineSegment: Uint8Array;
  readonly engineImage: Uint8Array;
  readonly typescriptImage: Uint8Array;
}

const decoder = new TextDecoder();
const kernel = createKernel({
  utf8: (bytes) => decoder.decode(bytes),
  now: () => performance.now(),
  later: (task) => void setImmediate(task),
  runQueue: fairQueue(),
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

function makeEngine(source: Uint8Array, mode: Mode): { readonly bytes: Uint8Array; readonly artifact: Artifact } {
  const made = instrument(source, { mode, padShadowStack: "__stack_pointer" });
  if (made.kind === "refused") throw new Error(`the engine cannot be instrumented: ${made.why} at ${made.at}`);
  const loaded = kernel.load(made.bytes, mode);
  if (loaded.kind !== "returned") throw new Error(`the verifier refuses the engine: ${JSON.stringify(loaded)}`);
  return { bytes: made.bytes, artifact: loaded.value };
}

const isSame = (a: Image, b: Image): boolean =>
  a.pages === b.pages &&
  a.chunks.length === b.chunks.length &&
  a.chunks.every(({ at, bytes }, index) => {
    const other = b.chunks[index];
    return other?.at === at && other.bytes.length === bytes.length && bytes.every((byte, i) => byte === other.bytes[i]);
  });

/** Makes everything of a source module and the stripper's script. Throws where the verifier refuses. */
export async function makeArtifacts(source: Uint8Array, stripper: string): Promise<Artifacts> {
  const [frame, segment] = [makeEngine(source, { kind: "frame" }), makeEngine(source, ENGINE_SEGMENT)];
  const image = await bakeImage(kernel, frame.artifact);
  // A program cannot tell in which mode it runs: so neither can what it leaves in memory, its own stack included.
  if (!isSame(image, await bakeImage(kernel, segment.artifact)))
    throw new Error("the engine begins otherwise in a segment");
  const stripped = await continueImage(kernel, frame.artifact, image, (domain) => readStripper(domain, stripper));
  return {
    ...{ engine: frame.bytes, engineSegment: segment.bytes },
    engineImage: writeImage(image, frame.bytes, segment.bytes),
    typescriptImage: writeImage(stripped, frame.bytes),
  };
}
