// Kernels on the powers of Node, for what is measured below the embedding API.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createKernel, type Kernel } from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/index.ts";

const decoder = new TextDecoder();

export const newKernel = (): Kernel =>
  createKernel({
    utf8: (bytes) => decoder.decode(bytes),
    now: () => performance.now(),
    later: (task) => void setImmediate(task),
    runQueue: fairQueue(),
  });

const engineFile = join(import.meta.dirname, "../../dist/engine.wasm");

/** The shipped engine artifact. */
export function engineBytes(): Uint8Array<ArrayBuffer> {
  if (!existsSync(engineFile)) throw new Error("dist/engine.wasm is not built: npm run build");
  return new Uint8Array(readFileSync(engineFile));
}
