// What an import names: a file next to the importing one, or a package. Names only; nothing is read here.

export type Specifier =
  /** A path from the root of the loader's place. */
  | { readonly kind: "file"; readonly path: string }
  /** `subpath` is "." or begins with "./". */
  | { readonly kind: "package"; readonly name: string; readonly subpath: string }
  | { readonly kind: "none"; readonly why: string };

const none = (why: string): Specifier => ({ kind: "none", why });

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** Joins and takes out "." and "..". Undefined if it leaves the root. */
export function joinPaths(folder: string, relative: string): string | undefined {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

const PACKAGE = /^((?:@[a-z0-9~._-]+\/)?[a-z0-9~_-][a-z0-9~._-]*)(?:\/(.+))?$/i;

/** Reads what stands after `from`. `referrer` is the path of the importing file. */
export function readSpecifier(specifier: string, referrer: string): Specifier {
  if (/^\.\.?\//.test(specifier)) {
    const path = joinPaths(folderOf(referrer), specifier);
    return path === undefined ? none("it leaves the directory of the modules") : { kind: "file", path };
  }
  if (specifier.startsWith("node:")) return none("a guest has no modules of the host");
  if (specifier.startsWith("#")) return none("private imports of a package are not resolved");
  const [, name, rest] = PACKAGE.exec(specifier) ?? [];
  if (name === undefined) return none("neither a relative path nor the name of a package");
  return { kind: "package", name, subpath: rest === undefined ? "." : `./${rest}` };
}
