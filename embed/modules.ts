// Modules that a guest may import: from a table, or from a function of the embedder.
import { CordonError } from "./errors.ts";
import { isPlain, readPlain } from "./plain.ts";

/** A module that was found: its name in full, and its source. */
export interface LoadedModule {
  /** Unique: what imports inside it are resolved against, and what its errors say. */
  readonly name: string;
  readonly source: string;
}

type Loaded = LoadedModule | string | undefined | null;
/** `referrer` is the name of the module that imports. Text is taken as the source of a module of that specifier. */
export type ModuleLoader = (specifier: string, referrer: string) => Loaded | Promise<Loaded>;
/** What `import` finds: sources by name, or a function that loads them. */
export type ModulesOption = Readonly<Record<string, string>> | ModuleLoader;

export type Load = (specifier: string, referrer: string) => LoadedModule | Promise<LoadedModule>;

/** Longer ones are no module's name; they would only fill messages. */
const LONGEST_SPECIFIER = 4_096; // characters

/** "./b.js" as "lib/a.js" means it: "lib/b.js". Bare names stay. Never climbs above the root. */
export function resolvePath(specifier: string, referrer: string): string {
  if (!/^\.{0,2}\//.test(specifier)) return specifier;
  const parts = specifier.startsWith("/") ? [] : referrer.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function notFound(specifier: string, referrer: string): never {
  const message = `cannot find module ${JSON.stringify(specifier)}, imported by ${JSON.stringify(referrer)}`;
  throw Object.assign(new Error(message), { code: "E_MODULE" });
}

function fromTable(table: ReadonlyMap<string, string>): Load {
  return (specifier, referrer) => {
    const path = resolvePath(specifier, referrer);
    const name = [specifier, path, `./${path}`, `${path}.js`, `${path}.mjs`].find((known) => table.has(known));
    if (name === undefined) return notFound(specifier, referrer);
    return { name: name.replace(/^\.\//, ""), source: table.get(name) as string };
  };
}

function checked(loaded: unknown, specifier: string, referrer: string): LoadedModule {
  if (loaded === undefined || loaded === null) return notFound(specifier, referrer);
  if (typeof loaded === "string") return { name: resolvePath(specifier, referrer), source: loaded };
  const { name, source } = loaded as Partial<LoadedModule>;
  if (typeof name === "string" && typeof source === "string") return { name, source };
  throw Object.assign(new TypeError("the module loader gave no { name, source }"), { code: "E_MODULE" });
}

function fromLoader(loader: ModuleLoader): Load {
  return (specifier, referrer) => {
    const loaded = loader(specifier, referrer);
    if (!(loaded instanceof Promise)) return checked(loaded, specifier, referrer);
    return loaded.then((value) => checked(value, specifier, referrer));
  };
}

function tableOf(modules: object): ReadonlyMap<string, string> {
  const entries = Object.entries(readPlain<Record<string, unknown>>(modules, "modules"));
  const bad = entries.find(([, source]) => typeof source !== "string");
  if (bad !== undefined) throw new CordonError("E_OPTION", `modules[${JSON.stringify(bad[0])}] is no source text`);
  return new Map(entries as [string, string][]);
}

/** Undefined: guests load no modules. */
export function moduleLoader(modules: unknown): Load | undefined {
  if (modules === undefined) return undefined;
  if (typeof modules === "function") return bounded(fromLoader(modules as ModuleLoader));
  if (isPlain(modules)) return bounded(fromTable(tableOf(modules)));
  throw new CordonError("E_OPTION", "modules must be a record of sources or a function (specifier, referrer)");
}

const bounded =
  (load: Load): Load =>
  (specifier, referrer) => {
    if (typeof specifier !== "string" || typeof referrer !== "string")
      throw new TypeError("a specifier that is no text");
    if (specifier.length > LONGEST_SPECIFIER) throw new RangeError("a specifier of more than 4,096 characters");
    return load(specifier, referrer);
  };
