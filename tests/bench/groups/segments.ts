// Segment mode against frame mode: programs compiled to plain WebAssembly, and the engine with the eight programs of the
// group `compute`. The artifacts are of one source each, and pay the same fuel.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ENGINE_SEGMENT } from "../../../embed/segments.ts";
import { decodeValue, encodeValue } from "../../../embed/values.ts";
import type { Domain, Mode, Outcome } from "../../../kernel/index.ts";
import { ENGINE } from "../../../stdlib/abi.ts";
import { instrument } from "../../../stdlib/toolchain/index.ts";
import { compileKernels } from "../../transparency/compile.ts";
import { guest, PROGRAMS } from "../guests.ts";
import { newKernel } from "../kernels.ts";
import { type Entrant, entryOf, paired, perOperation, timed } from "../pairs.ts";
import { geometricMean, median, ratios } from "../statistics.ts";
import type { Group, Line } from "../types.ts";

const kernel = newKernel();
const FRAME: Mode = { kind: "frame" };
/** Room for what programs without a collector leave behind. */
const LARGE: Mode = { ...ENGINE_SEGMENT, mask: 2 ** 27 - 1 };
const FOREVER = { fuel: 1e15, calls: 1e9, bytes: 1e12, deadline: Number.POSITIVE_INFINITY };

function orThrow<A>(outcome: Outcome<A>): A {
  if (outcome.kind === "returned") return outcome.value;
  throw new Error(JSON.stringify(outcome));
}

/** New domains of one artifact. */
function births(bytes: Uint8Array, mode: Mode, pages: number): () => Domain {
  const artifact = orThrow(kernel.load(bytes, mode));
  return () => {
    const domain = orThrow(kernel.spawn(artifact, { limits: { pages, inFlight: 1 } }));
    domain.allow(FOREVER);
    return domain;
  };
}

// biome-ignore format: a table
const KERNELS = [
  ["fib", 27], ["sieve", 1_000_000], ["matmul", 160], ["digest", 262_144], ["nbody", 100_000], ["qsort", 100_000],
  ["objects", 50_000], ["moves", 22],
] as const;

function plainEntrant(who: string, source: Uint8Array, mode: Mode, name: string, size: number): Entrant {
  const made = instrument(source, { mode });
  if (made.kind === "refused") throw new Error(made.why);
  const born = births(made.bytes, mode, 2_048);
  const sample = async (): Promise<number> => {
    const domain = born();
    const spent = await timed(async () => orThrow(await domain.enter(name, [size])));
    domain.end();
    return spent;
  };
  return { who, sample };
}

async function ask(domain: Domain, method: number, value: object): Promise<unknown> {
  const answer = await domain.request(method, encodeValue(value));
  if (answer.kind === "answered" && answer.ok) return decodeValue(answer.bytes);
  throw new Error(answer.kind === "ended" ? JSON.stringify(answer.ending) : String(decodeValue(answer.bytes)));
}

const LOOP = "globalThis.repeat = (name, n) => { let r; for (let i = 0; i < n; i++) r = programs[name](); return r; };";

/** An engine that has read the programs; it runs one of them n times. */
async function engine(file: string, mode: Mode): Promise<(program: string, n: number) => Promise<unknown>> {
  const domain = births(readFileSync(join(import.meta.dirname, "../../../dist", file)), mode, 64)();
  await ask(domain, ENGINE.CONFIGURE, { grants: {}, system: {}, options: {} });
  const run = (source: string) => ask(domain, ENGINE.RUN, { source, name: "bench.js", kind: "script" });
  await run(`${guest("compute")}\n${LOOP}`);
  return (program, n) => run(`repeat("${program}", ${n})`);
}

/** The segment's time over the frame's, as a geometric mean. */
function mean(id: string, what: string, lines: readonly Line[]): Line {
  const all = lines.map(({ entries: [ours, theirs] }) => median(ratios(ours?.samples ?? [], theirs?.samples ?? [])));
  return { id, what, unit: "x", entries: [{ ...entryOf("cordon", all), value: geometricMean(all) }] };
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  const lines: { plain: Line[]; engine: Line[] } = { plain: [], engine: [] };
  const add = async (kind: "plain" | "engine", name: string, entrants: readonly Entrant[]): Promise<void> => {
    const entries = await paired(entrants);
    const line: Line = { id: `segments.${kind}.${name}`, what: `${name}, in a segment`, unit: "ms", entries };
    lines[kind].push(line);
    emit(line);
  };
  const source = await compileKernels("-O3");
  for (const [name, size] of KERNELS) {
    const [cordon, frame] = [["cordon", LARGE] as const, ["frame", FRAME] as const];
    await add(
      "plain",
      name,
      [cordon, frame].map(([who, mode]) => plainEntrant(who, source, mode, name, size)),
    );
  }
  emit(mean("segments.plain", "plain WebAssembly in a segment against a frame, geometric mean", lines.plain));
  const [ours, theirs] = [await engine("engine.segment.wasm", ENGINE_SEGMENT), await engine("engine.wasm", FRAME)];
  for (const program of PROGRAMS) {
    const entrant = (who: string, run: typeof ours): Entrant => perOperation(who, (n) => run(program, n), 15);
    await add("engine", program, [entrant("cordon", ours), entrant("frame", theirs)]);
  }
  emit(mean("segments.engine", "the engine in a segment against a frame, geometric mean", lines.engine));
}

export const segments: Group = { name: "segments", what: "segment mode against frame mode", measure };
