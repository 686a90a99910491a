// Which file of a package an import means: `exports` of its package.json, else `module`, `main` or index.js.

/** Conditions that hold for a guest, whatever their order in the package. */
const CONDITIONS = new Set(["import", "module", "default", "es2015", "worker"]);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first target whose condition holds: the package decides the order. */
function chosen(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) return target.map(chosen).find((one) => one !== undefined);
  if (!isRecord(target)) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    const found = CONDITIONS.has(condition) ? chosen(inner) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "./features/*" with "./features/x": the star's text, or undefined. */
function starOf(pattern: string, subpath: string): string | undefined {
  const [before = "", after = ""] = pattern.split("*");
  const fits = subpath.startsWith(before) && subpath.endsWith(after) && subpath.length > before.length + after.length;
  return fits ? subpath.slice(before.length, subpath.length - after.length) : undefined;
}

function fromExports(exports: unknown, subpath: string): string | undefined {
  const isMap = isRecord(exports) && Object.keys(exports).some((key) => key.startsWith("."));
  if (!isMap) return subpath === "." ? chosen(exports) : undefined;
  const exact = Object.hasOwn(exports, subpath) ? chosen(exports[subpath]) : undefined;
  if (exact !== undefined) return exact;
  const patterns = Object.keys(exports).filter((key) => key.includes("*"));
  for (const pattern of patterns.sort((a, b) => b.length - a.length)) {
    const star = starOf(pattern, subpath);
    if (star !== undefined) return chosen(exports[pattern])?.replaceAll("*", star);
  }
  return undefined;
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** The file inside the package, relative to it; undefined if the package does not offer this. */
export function packageFile(manifest: unknown, subpath: string): string | undefined {
  if (!isRecord(manifest)) return undefined;
  if (manifest["exports"] !== undefined && manifest["exports"] !== null)
    return fromExports(manifest["exports"], subpath);
  return subpath === "." ? (text(manifest["module"]) ?? text(manifest["main"]) ?? "index.js") : subpath;
}
