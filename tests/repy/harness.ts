// Runs RepyV2 programs over virtual capabilities. The program's text knows nothing of where it runs:
//   "process"  emulation, layers and program side in this process, with copies between them as a gate makes them
//   "domains"  each in a domain of the real engine, one above the other: by runRepy, but for no-op domains between
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { COMPUTE, runForReal, runInDomains } from "./domains.ts";
import { guestModule } from "./guest.ts";
import { runInProcess } from "./process.ts";
import { type Network, newWorld, type World } from "./world.ts";

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
  /** The name of a file in restrictions/, or DEFAULT with a disk of so many bytes. */
  readonly profile?: string | { readonly diskused: number } | undefined;
  readonly args?: readonly string[] | undefined;
  readonly place?: "process" | "domains" | undefined;
  /** No-op layers between emulation and program. */
  readonly layers?: number | undefined;
  /** Layers as RepyV2 writes them above those, the lowest first: texts, or names of files that may be missing. */
  readonly stack?: readonly (string | { readonly file: string })[] | undefined;
  readonly files?: Readonly<Record<string, string | undefined>> | undefined;
  readonly network?: Network | undefined;
}

export interface Start {
  readonly world: World;
  readonly restrictions: string;
  readonly args: readonly string[];
  readonly text: string;
  readonly name: string;
  readonly plain: number;
  readonly layers: readonly { readonly name: string; readonly text: string | undefined }[];
}

interface Restrictions {
  parseRestrictions(text: string): Map<string, number | Set<number>>;
}

const HERE = import.meta.dirname;

export const profileText = (name: string): string => readFileSync(join(HERE, "restrictions", `${name}.txt`), "utf8");

const smallDisk = (bytes: number): string =>
  profileText("DEFAULT").replace(/resource diskused \d+/, `resource diskused ${bytes}`);

/** What every program of a file has, before its first line: the name of the error of a call, the usage of a resource. */
const PRELUDE = [
  'const errorOf = async (call) => { try { await call(); return "no error"; } catch (error) { return error.name; } };',
  "const used = async (name) => (await getresources())[1][name];",
].join(" ");

function readIfThere(name: string): string | undefined {
  const path = join(HERE, "programs", `${name}.js`);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

const layerOf = (layer: string | { readonly file: string }, index: number): Start["layers"][number] =>
  typeof layer === "string"
    ? { name: `layer${index}`, text: layer }
    : { name: layer.file, text: readIfThere(layer.file) };

/** Turns of the event loop that a question may take on its way: through each layer, down and up. */
const patienceOf = (place: string, layers: number): number => (place === "process" ? 2 : 40 + 10 * layers);

export async function runRepy(options: RepyOptions): Promise<RepyRun> {
  const { program, profile = "DEFAULT", args = [], layers: plain = 0, stack = [], place = "process" } = options;
  const { parseRestrictions } = await guestModule<Restrictions>("restrictions.js");
  const restrictions = typeof profile === "string" ? profileText(profile) : smallDisk(profile.diskused);
  const cpu = parseRestrictions(restrictions).get("cpu") as number;
  if (place === "domains" && plain > 0 && stack.length > 0) throw new Error("layers of RepyV2 above no-op domains");
  const world = await newWorld({ files: options.files ?? {}, network: options.network ?? {}, cpu });
  const isReal = place === "domains" && plain === 0;
  const prelude = isReal ? `${PRELUDE} ${COMPUTE}` : PRELUDE;
  const text = typeof program === "string" ? `${prelude} ${readIfThere(program) ?? ""}` : program.text;
  const name = typeof program === "string" ? `${program}.js` : "program.js";
  const start = { world, restrictions, args, text, name, plain, layers: stack.map(layerOf) };
  const patience = patienceOf(place, plain + stack.length);
  const running = place === "process" ? runInProcess(start) : isReal ? runForReal(start) : runInDomains(start);
  if (!isReal) await world.live(running, patience);
  const cause = await running;
  const seconds = world.time.monotonic() / 1000;
  // Whatever might still log after the end has its chance: B30 and B31 would see it.
  const later = new Promise<void>((resolve) => void world.time.after(10_000, resolve));
  await world.live(later, patience);
  return { cause, lines: world.lines, seconds, files: await world.sizes() };
}
