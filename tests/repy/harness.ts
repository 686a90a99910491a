// Runs RepyV2 programs over virtual capabilities. The program's text knows nothing of where it runs:
//   "process"  emulation and program side in this process, with copies between them as a gate makes them
//   "domain"   both in one domain of the real engine
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Script } from "node:vm";
import { type ContractData, contract } from "../../policy-libs/contract/index.ts";
import { crossing, type Table } from "./crossing.ts";
import { runInDomain } from "./domain.ts";
import { fakeClock } from "./fakes/clock.ts";
import { fakeFiles } from "./fakes/files.ts";
import { type FakeNetOptions, fakeNet } from "./fakes/net.ts";
import { fakeRandom } from "./fakes/random.ts";
import { fakeUsage } from "./fakes/usage.ts";

export interface Cause {
  readonly kind: "completed" | "exited" | "unsafe" | "uncaught" | "limit" | "internal" | "stopped";
  readonly resource?: string;
  readonly message?: string;
  readonly thread?: string;
}

export interface RepyRun {
  readonly cause: Cause;
  /** One for each call of log. */
  readonly lines: readonly string[];
  /** Seconds on the virtual clock. */
  readonly seconds: number;
  readonly files: Readonly<Record<string, number>>;
}

type Layers = readonly (string | { readonly file: string })[];

export interface RepyOptions {
  /** The name of a file in programs/, or the text itself as `{ text }`. */
  readonly program: string | { readonly text: string };
  readonly profile?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** No-op layers between emulation and program. */
  readonly layers?: number | undefined;
  /** Layers of one's own above those, the lowest first: texts, or names of files in programs/ that may be missing. */
  readonly stack?: Layers | undefined;
  readonly place?: "process" | "domain" | undefined;
  readonly files?: Readonly<Record<string, string | undefined>> | undefined;
  readonly network?: FakeNetOptions | undefined;
}

interface Emulation {
  makeRepy(base: unknown, restrictions: string): Promise<Table>;
}

interface Program {
  createProgram(options: { table: Table; args: readonly string[]; locate: (text: string) => number | undefined }): {
    readonly context: { set(name: string, value: unknown): void };
    run(source: string, name: string): Promise<Cause>;
  };
}

interface Offer {
  readonly contract: ContractData;
  readonly functions: Table;
}

interface Encasement {
  runLayer(given: object): Promise<Offer>;
}

interface Restrictions {
  parseRestrictions(text: string): Map<string, number | Set<number>>;
}

const HERE = import.meta.dirname;

/** Guest modules have no types: whoever takes one says what it expects. */
export async function guestModule<T>(path: string): Promise<T> {
  return (await import(join(HERE, "../../stdlib/repy", path))) as T;
}

export const profileText = (name: string): string => readFileSync(join(HERE, "restrictions", `${name}.txt`), "utf8");

/** What every program of a file has, before its first line: the name of the error of a call, the usage of a resource. */
const PRELUDE = [
  'const errorOf = async (call) => { try { await call(); return "no error"; } catch (error) { return error.name; } };',
  "const used = async (name) => (await getresources())[1][name];",
].join(" ");
const programText = (name: string): string =>
  `${PRELUDE} ${readFileSync(join(HERE, "programs", `${name}.js`), "utf8")}`;

/** V8 tells the line of a syntax error only in the stack of a Script. */
function locate(text: string): number | undefined {
  try {
    new Script(`(async function () {\n${text}\n})`, { filename: "located" });
    return undefined;
  } catch (error) {
    const line = /^located:(\d+)/.exec((error as Error).stack ?? "")?.[1];
    return line === undefined ? undefined : Number(line) - 1;
  }
}

const NO_OP = "secure_dispatch_module();";

/** The table of each layer above the one below it. Rejects, and nothing above starts, where a layer does not dispatch. */
async function stackUp(table: Table, layers: Layers): Promise<Table> {
  const { runLayer } = await guestModule<Encasement>("encasement.js");
  const { REPY } = await guestModule<{ REPY: ContractData }>("contracts.js");
  let offer: Offer = { contract: REPY, functions: table };
  for (const [index, layer] of layers.entries()) {
    const [name, text] = typeof layer === "string" ? [`layer${index}`, layer] : [layer.file, readIfThere(layer.file)];
    offer = await runLayer({ table: crossing(offer.functions), contract: offer.contract, text, name, locate });
    // What a layer offers must be a contract: a wrong one is refused here, as embed/ would.
    if (layer !== NO_OP) contract(offer.contract);
  }
  return crossing(offer.functions);
}

function readIfThere(name: string): string | undefined {
  const path = join(HERE, "programs", `${name}.js`);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

interface Start {
  readonly base: Readonly<Record<string, object>>;
  readonly restrictions: string;
  readonly args: readonly string[];
  readonly text: string;
  readonly name: string;
}

async function runInProcess({ base, restrictions, args, text, name }: Start, layers: Layers): Promise<Cause> {
  const { makeRepy } = await guestModule<Emulation>("emulation/index.js");
  const { createProgram } = await guestModule<Program>("program/index.js");
  const { promise: ended, resolve } = Promise.withResolvers<Cause>();
  const lowest = await makeRepy({ ...base, life: { end: resolve } }, restrictions);
  const table = await stackUp(lowest, layers);
  const side = createProgram({ table, args, locate });
  const { compute } = base["usage"] as { compute(ms: number): Promise<void> };
  // Work for the processor: a virtual clock does not see a loop.
  side.context.set("compute", (seconds: number) => compute(seconds * 1000));
  return Promise.race([ended, side.run(text, name)]);
}

export async function runRepy(options: RepyOptions): Promise<RepyRun> {
  const { program, profile = "DEFAULT", args = [], layers = 0, stack = [], place = "process" } = options;
  const { files = {}, network } = options;
  const { parseRestrictions } = await guestModule<Restrictions>("restrictions.js");
  const restrictions = profileText(profile);
  const clock = fakeClock(place === "process" ? 1 : 20);
  const lines: string[] = [];
  const directory = fakeFiles(files);
  const base = {
    clock: { monotonic: async () => clock.monotonic() },
    timers: { sleep: clock.sleep },
    files: directory,
    net: fakeNet(clock, network),
    random: fakeRandom(1),
    console: { write: async (_level: string, text: string) => void lines.push(text) },
    usage: fakeUsage(clock, parseRestrictions(restrictions).get("cpu") as number),
  };
  const text = typeof program === "string" ? programText(program) : program.text;
  const name = typeof program === "string" ? `${program}.js` : "program.js";
  const start = { base, restrictions, args, text, name };
  const all = [...new Array<string>(layers).fill(NO_OP), ...stack];
  const cause = place === "process" ? await runInProcess(start, all) : await runInDomain(start);
  const seconds = clock.monotonic() / 1000;
  // Whatever might still log after the end has its chance: B30 and B31 would see it.
  await clock.sleep(10_000);
  const sizes = await Promise.all(
    (await directory.list()).map(async (e) => [e.name, (await directory.stat(e.name)).size]),
  );
  return { cause, lines, seconds, files: Object.fromEntries(sizes) };
}
