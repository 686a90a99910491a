// A kernel for commands that look at modules, and the step from a source module to an artifact, as `run` takes it.
import { readFileSync } from "node:fs";
import { createKernel, type Kernel, type Mode } from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/index.ts";
import { type Instrumented, instrument, link } from "../../stdlib/toolchain/index.ts";
import { findAsset } from "../node/index.ts";
import { isModule } from "../wasm-module.ts";
import { UsageError } from "./exit.ts";

const decoder = new TextDecoder();
export const utf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

export const newKernel = (): Kernel =>
  createKernel({
    ...{ utf8, now: () => performance.now(), later: (task) => void setImmediate(task) },
    runQueue: fairQueue(),
  });

export type Made =
  | { readonly kind: "made"; readonly artifact: Instrumented }
  | { readonly kind: "refused"; readonly why: string; readonly at: number };

function library(): Uint8Array {
  const path = findAsset("wasi.wasm");
  if (path === undefined) throw new UsageError("the WASI library is not built: run `npm run build`");
  return readFileSync(path);
}

/** Links a source module with the WASI library and instruments it, with the checks of the mode's monitors. Offsets are those of the source where it can be told. */
export function makeArtifact(source: Uint8Array, mode: Mode): Made {
  if (!isModule(source, utf8)) return { kind: "refused", why: "not a valid WebAssembly module", at: 0 };
  const linked = link(source, library());
  if (linked.kind === "refused") return linked;
  if (linked.kind === "unlinkable") {
    return { kind: "refused", why: `it imports ${linked.name}, and nothing gives that`, at: linked.at };
  }
  const made = instrument(linked.bytes, { mode });
  return made.kind === "refused" ? made : { kind: "made", artifact: made };
}
