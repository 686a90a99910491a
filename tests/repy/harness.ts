// Runs RepyV2 programs over virtual capabilities. The program's text knows nothing of where it runs:
//   "process"  emulation and program side in this process, with copies between them as a gate makes them
//   "domain"   both in one domain of the real engine
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Script } from "node:vm";
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

export interface RepyOptions {
  /** The name of a file in programs/, or the text itself as `{ text }`. */
  readonly program: string | { readonly text: string };
  readonly profile?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** No-op layers between emulation and program. */
  readonly layers?: number | undefined;
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

interface Start {
  readonly base: Readonly<Record<string, object>>;
  readonly restrictions: string;
  readonly args: readonly string[];
  readonly text: string;
  readonly name: string;
}

async function runInProcess({ base, restrictions, args, text, name }: Start, layers: number): Promise<Cause> {
  const { makeRepy } = await guestModule<Emulation>("emulation/index.js");
  const { createProgram } = await guestModule<Program>("program/index.js");
  const { promise: ended, resolve } = Promise.withResolvers<Cause>();
  let table = crossing(await makeRepy({ ...base, life: { end: resolve } }, restrictions));
  for (let i = 0; i < layers; i++) table = crossing(table);
  const side = createProgram({ table, args, locate });
  const { compute } = base["usage"] as { compute(ms: number): Promise<void> };
  // Work for the processor: a virtual clock does not see a loop.
  side.context.set("compute", (seconds: number) => compute(seconds * 1000));
  return Promise.race([ended, side.run(text, name)]);
}

export async function runRepy(options: RepyOptions): Promise<RepyRun> {
  const { program, profile = "DEFAULT", args = [], layers = 0, place = "process", files = {}, network } = options;
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
  const cause = place === "process" ? await runInProcess(start, layers) : await runInDomain(start);
  const seconds = clock.monotonic() / 1000;
  // Whatever might still log after the end has its chance: B30 and B31 would see it.
  await clock.sleep(10_000);
  const sizes = await Promise.all(
    (await directory.list()).map(async (e) => [e.name, (await directory.stat(e.name)).size]),
  );
  return { cause, lines, seconds, files: Object.fromEntries(sizes) };
}
