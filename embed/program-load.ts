// From a module's bytes to an artifact: link with the WASI library, instrument, verify.
import { type Artifact, type Kernel, type Mode, type Monitors, type Outcome, RULES } from "../kernel/index.ts";
import { instrument, link, type Refused } from "../stdlib/toolchain/index.ts";
import { type ArtifactCache, type ArtifactNaming, artifactKey, readArtifact, writeArtifact } from "./program-cache.ts";
import { type ProgramFacts, programFacts } from "./program-facts.ts";
import { isModule } from "./wasm-module.ts";

export interface Loaded extends ProgramFacts {
  readonly artifact: Artifact;
}

/** Who said no, and why; offsets are those of the module that was given. */
export interface NotLoaded {
  readonly by: "linker" | "toolchain" | "verifier";
  readonly why: string;
}

const at = ({ why, at: offset }: { readonly why: string; readonly at: number }): string => `${why}, at byte ${offset}`;

/** A body for imports that the linker has found: the program alone is looked at, to find where in it the fault lies. */
const TRAP = Uint8Array.from([0, 0x00, 0x0b]);

function faultOf(program: Uint8Array, linked: Refused): string {
  const alone = instrument(program, { foreign: () => TRAP });
  return at(alone.kind === "refused" ? alone : linked);
}

/** Programs kept ready, the last used first. Each is its bytes and the compiled artifact. */
const MOST_KEPT = 8;

/** How the instrumenter is called: part of every artifact's name. */
const manner = (monitors: Monitors | undefined): { readonly mode?: Mode } =>
  monitors === undefined ? {} : { mode: { kind: "frame", monitors } };

export interface Sources {
  readonly program: Uint8Array;
  /** What is checked in the program's own code. */
  readonly monitors?: Monitors | undefined;
  readonly library: Uint8Array;
  readonly cache?: ArtifactCache | undefined;
}

export type LoadProgram = (sources: Sources) => Promise<Loaded | NotLoaded>;

export interface LoaderParts {
  readonly kernel: Kernel;
  readonly utf8: (bytes: Uint8Array) => string;
  /** Without it no cache is used. */
  readonly naming?: ArtifactNaming | undefined;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Loads programs, and the same bytes once. They are kept: nobody else may have them. */
export function newProgramLoader(parts: LoaderParts): LoadProgram {
  const kept: { readonly bytes: Uint8Array; readonly manner: string; readonly loaded: Loaded }[] = [];
  return async (sources) => {
    const { program: bytes } = sources;
    const how = JSON.stringify(manner(sources.monitors));
    const at = kept.findIndex((one) => one.manner === how && isSame(one.bytes, bytes));
    const found = at < 0 ? undefined : kept.splice(at, 1)[0];
    const loaded = found?.loaded ?? (await loadProgram(parts, sources));
    if ("why" in loaded) return loaded;
    kept.unshift(found ?? { bytes, manner: how, loaded });
    if (kept.length > MOST_KEPT) kept.pop();
    return loaded;
  };
}

type Made = { readonly bytes: Uint8Array } | NotLoaded;

function makeArtifact({ utf8 }: LoaderParts, { program, library, monitors }: Sources): Made {
  if (!isModule(program, utf8)) return { by: "verifier", why: "malformed: not a valid WebAssembly module" };
  const linked = link(program, library);
  if (linked.kind === "refused") return { by: "toolchain", why: at(linked) };
  if (linked.kind === "unlinkable") {
    return { by: "linker", why: `unlinkable: it imports ${linked.name}, and nothing gives that, at byte ${linked.at}` };
  }
  const made = instrument(linked.bytes, manner(monitors));
  return made.kind === "refused" ? { by: "toolchain", why: faultOf(program, made) } : made;
}

function whyNot(loaded: Exclude<Outcome<Artifact>, { readonly kind: "returned" }>): string {
  return "rule" in loaded ? `${loaded.rule}: ${RULES[loaded.rule]}, at byte ${loaded.at} of the artifact` : loaded.kind;
}

function makeProgram(parts: LoaderParts, sources: Sources, keep: (artifact: Uint8Array) => void): Loaded | NotLoaded {
  const { kernel, utf8 } = parts;
  const made = makeArtifact(parts, sources);
  if ("why" in made) return made;
  const loaded = kernel.load(made.bytes, manner(sources.monitors).mode);
  const facts = programFacts(sources.program, utf8);
  if (loaded.kind !== "returned") return { by: "verifier", why: whyNot(loaded) };
  if (facts === undefined) return { by: "verifier", why: "malformed: not a valid WebAssembly module" };
  keep(made.bytes);
  return { artifact: loaded.value, ...facts };
}

/** The program over an artifact that is only alleged to be its own. Undefined: it is to be made again. */
function takeAlleged({ kernel, utf8 }: LoaderParts, sources: Sources, alleged: Uint8Array): Loaded | undefined {
  const facts = programFacts(sources.program, utf8);
  const loaded = kernel.load(alleged, manner(sources.monitors).mode);
  if (facts === undefined || loaded.kind !== "returned") return undefined;
  const { entries } = loaded.value;
  return [...facts.entries.keys()].every((name) => entries.includes(name))
    ? { artifact: loaded.value, ...facts }
    : undefined;
}

async function loadProgram(parts: LoaderParts, sources: Sources): Promise<Loaded | NotLoaded> {
  const { naming } = parts;
  const { program, library, cache, monitors } = sources;
  const key = cache && naming && artifactKey(naming, program, library, manner(monitors));
  if (key === undefined || cache === undefined || naming === undefined) return makeProgram(parts, sources, () => {});
  const alleged = await readArtifact(naming, cache, key);
  const taken = alleged && takeAlleged(parts, sources, alleged);
  return taken ?? makeProgram(parts, sources, (bytes) => writeArtifact(naming, cache, key, bytes));
}
