// What the test's server has: the package as it is published, and pages that use it without a bundler.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "rolldown";
import { ROOT } from "../fences/tree.ts";

type Target = string | { readonly [condition: string]: Target };

/** As a browser's loader or bundler chooses: the first condition, in order, that it knows. */
function chosen(target: Target): string {
  if (typeof target === "string") return target;
  const known = Object.keys(target).find((name) => ["browser", "import", "default"].includes(name));
  return chosen(target[known ?? ""] ?? "");
}

const PACKAGE = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { exports: Record<string, Target> };
export const addressOf = (entry: string): string => chosen(PACKAGE.exports[entry] ?? "").replace(/^\./, "/cordon");

/** Sources that pages name stand for entries of the package: a page loads the package, and nothing of the sources. */
const ENTRIES = new Map([
  [join(ROOT, "embed/index.ts"), "."],
  [join(ROOT, "policy-libs/index.ts"), "./policy-libs"],
]);

/** A page's own script, in one file: it imports the package by its address. */
async function bundle(entry: string): Promise<Uint8Array> {
  const packaged: Plugin = {
    name: "the package by its address",
    resolveId(source: string, importer: string | undefined) {
      if (importer === undefined || !source.startsWith(".")) return undefined;
      const name = ENTRIES.get(join(importer, "..", source));
      return name === undefined ? undefined : { id: addressOf(name), external: "absolute" };
    },
  };
  const input = join(import.meta.dirname, entry);
  const [transform, output] = [{ target: "es2024" }, { format: "esm" }] as const;
  const options = { platform: "browser", transform, write: false, logLevel: "warn", output } as const;
  const built = await build({ ...options, input, plugins: [packaged] });
  const files = built.output.map(({ fileName }) => fileName);
  if (files.length !== 1) throw new Error(`${entry} became ${files.join(", ")}: one file was expected`);
  return new TextEncoder().encode(built.output[0].code);
}

/** Every path that the published package would have. npm takes seconds to tell. */
export function shipped(): ReadonlySet<string> {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", "--silent"];
  const shell = process.platform === "win32";
  const told = execFileSync("npm", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], shell });
  const [{ files }] = JSON.parse(told) as [{ files: readonly { readonly path: string }[] }];
  return new Set(files.map(({ path }) => path));
}

/** The canary is in a script of the old kind: its `const` is a variable of the page that is no property. */
const PAGE = `<!doctype html><title>Cordon</title>
<script src="/canary.js"></script><script type="module" src="/main.js"></script>`;

const BUILT = /^(dist|samples)\/(?!.*\.\.)/;
const readBytes = (path: string): Uint8Array | undefined => (existsSync(path) ? readFileSync(path) : undefined);

/** Gives a file of the site, or undefined. */
export type Files = (path: string) => Uint8Array | undefined;

/** `files`: those of the package; by default those that were built, and the samples. */
export async function makeSite(has: (file: string) => boolean = (file) => BUILT.test(file)): Promise<Files> {
  const own = new Map<string, Uint8Array>([
    ["/page.html", new TextEncoder().encode(PAGE)],
    ["/canary.js", new TextEncoder().encode('const __HOST_LEXICAL_CANARY__ = "HOST-lexical";')],
    ["/main.js", await bundle("page/main.ts")],
    ["/worker.js", await bundle("page/worker.ts")],
  ]);
  return (path) => {
    const file = path.replace(/^\/cordon\//, ""); // a page of ours asks for no other
    return own.get(path) ?? (has(file) ? readBytes(join(ROOT, file)) : undefined);
  };
}
