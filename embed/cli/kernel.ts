// A kernel for commands that look at modules, and the step from a source module to an artifact.
import { createKernel, type Kernel } from "../../kernel/index.ts";
import type { Foreign, Instrumented } from "../../stdlib/toolchain/index.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";

const decoder = new TextDecoder();
export const utf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

export const newKernel = (): Kernel =>
  createKernel({ utf8, now: () => performance.now(), later: (task) => void setImmediate(task) });

export type Made =
  | { readonly kind: "made"; readonly artifact: Instrumented }
  | { readonly kind: "refused"; readonly why: string; readonly at: number };

/**
 * Instruments a source module. Bytes that are no module are found out first: the kernel answers "malformed" for these
 * and another rule for every real source module, since none of them imports what an artifact imports.
 */
export function makeArtifact(kernel: Kernel, source: Uint8Array, foreign?: Foreign): Made {
  const isModule = (bytes: Uint8Array): boolean => kernel.load(bytes).kind !== "malformed";
  const made = instrument(source, { validate: isModule, ...(foreign === undefined ? {} : { foreign }) });
  return made.kind === "refused" ? made : { kind: "made", artifact: made };
}
