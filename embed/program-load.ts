// From a module's bytes to an artifact: link with the WASI library, instrument, verify.
import { type Artifact, type FunctionType, type Kernel, RULES } from "../kernel/index.ts";
import { instrument, link, type Refused } from "../stdlib/toolchain/index.ts";

export interface Loaded {
  readonly artifact: Artifact;
  readonly maxPages: number;
  readonly usesLibrary: boolean;
  readonly entries: ReadonlyMap<string, FunctionType>;
}

/** Who said no, and why; offsets are those of the module that was given. */
export interface NotLoaded {
  readonly by: "linker" | "toolchain" | "verifier";
  readonly why: string;
}

const at = ({ why, at: offset }: { readonly why: string; readonly at: number }): string => `${why}, at byte ${offset}`;

/** Bytes that are no module: the kernel says so of these only, since no source module imports what an artifact does. */
const isMalformed = (kernel: Kernel, bytes: Uint8Array): boolean => kernel.load(bytes).kind === "malformed";

/** A body for imports that the linker has found: the program alone is looked at, to find where in it the fault lies. */
const TRAP = Uint8Array.from([0, 0x00, 0x0b]);

function faultOf(program: Uint8Array, linked: Refused): string {
  const alone = instrument(program, { foreign: () => TRAP });
  return at(alone.kind === "refused" ? alone : linked);
}

/** Programs kept ready, the last used first. Each is its bytes and the compiled artifact. */
const MOST_KEPT = 8;

export type LoadProgram = (program: Uint8Array, library: Uint8Array) => Loaded | NotLoaded;

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Loads programs, and the same bytes once. They are kept: nobody else may have them. */
export function newProgramLoader(kernel: Kernel): LoadProgram {
  const kept: { readonly bytes: Uint8Array; readonly loaded: Loaded }[] = [];
  return (bytes, library) => {
    const at = kept.findIndex((one) => isSame(one.bytes, bytes));
    const found = at < 0 ? undefined : kept.splice(at, 1)[0];
    const loaded = found?.loaded ?? loadProgram(kernel, bytes, library);
    if ("why" in loaded) return loaded;
    kept.unshift(found ?? { bytes, loaded });
    if (kept.length > MOST_KEPT) kept.pop();
    return loaded;
  };
}

function loadProgram(kernel: Kernel, program: Uint8Array, library: Uint8Array): Loaded | NotLoaded {
  if (isMalformed(kernel, program)) return { by: "verifier", why: "malformed: not a valid WebAssembly module" };
  const linked = link(program, library);
  if (linked.kind === "refused") return { by: "toolchain", why: at(linked) };
  if (linked.kind === "unlinkable") {
    return { by: "linker", why: `unlinkable: it imports ${linked.name}, and nothing gives that, at byte ${linked.at}` };
  }
  const made = instrument(linked.bytes);
  if (made.kind === "refused") return { by: "toolchain", why: faultOf(program, made) };
  const loaded = kernel.load(made.bytes);
  if (loaded.kind === "returned") {
    const maxPages = linked.usesLibrary ? Number.POSITIVE_INFINITY : (made.maxPages ?? Number.POSITIVE_INFINITY);
    return { artifact: loaded.value, maxPages, usesLibrary: linked.usesLibrary, entries: linked.entries };
  }
  const why =
    "rule" in loaded ? `${loaded.rule}: ${RULES[loaded.rule]}, at byte ${loaded.at} of the artifact` : loaded.kind;
  return { by: "verifier", why };
}
