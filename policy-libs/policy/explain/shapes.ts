// What is asked of an argument so that all its values in a log pass, and little else: exact values, a common directory or
// the end of a host, or nothing at all, whichever is the cheapest. Of integers and lengths the largest that was seen.
import type { Datum } from "../resolved.ts";
import type { Cond, Term, Value } from "../tree.ts";
import type { Argument } from "../vocabulary.ts";

export interface ShapeOptions {
  /** Directories above which nothing is widened. None: any directory but "/". */
  readonly roots: readonly string[];
  /** Different values that are listed before something wider is cheaper. */
  readonly maxExact: number;
}

const named = (name: string): Term => ({ kind: "name", name });
const constant = (value: Value): Term => ({ kind: "value", value });
const literalOf = (datum: Datum): Value =>
  typeof datum === "number"
    ? { kind: "int", value: datum }
    : typeof datum === "boolean"
      ? { kind: "bool", value: datum }
      : { kind: "text", value: datum };

const atMost = (left: Term, most: number): Cond => ({
  kind: "compare",
  is: "<=",
  left,
  right: constant({ kind: "int", value: most }),
});

function exactly(name: string, values: readonly Datum[]): Cond {
  const sorted = [...values].sort();
  const [first] = sorted;
  if (sorted.length === 1 && first !== undefined)
    return { kind: "compare", is: "==", left: named(name), right: constant(literalOf(first)) };
  return { kind: "in", term: named(name), list: sorted.map(literalOf) };
}

const anyOf = (conds: readonly Cond[]): Cond | undefined => (conds.length < 2 ? conds[0] : { kind: "or", of: conds });

const directoryOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));
const isUnder = (path: string, root: string): boolean => root === "/" || path === root || path.startsWith(`${root}/`);

/** The directory that all are in; "/" if there is no other. */
function commonDirectory(paths: readonly string[]): string {
  let common = directoryOf(paths[0] ?? "/");
  for (const path of paths) while (!isUnder(directoryOf(path), common)) common = directoryOf(common);
  return common;
}

/** What lies under one of the roots becomes one directory, not above the root; the rest stays as it is. */
function pathShape(name: string, paths: readonly string[], { roots, maxExact }: ShapeOptions): Cond | undefined {
  if (paths.length <= maxExact) return exactly(name, paths);
  const under = (root: string): Cond => ({ kind: "text", test: "under", term: named(name), text: root });
  if (roots.length === 0) {
    const common = commonDirectory(paths);
    return common === "/" ? undefined : under(common);
  }
  const byRoot = Map.groupBy(paths, (path) => roots.find((root) => isUnder(path, root)));
  const wide = [...byRoot].flatMap(([root, of]) => {
    if (root === undefined) return [];
    const common = commonDirectory(of);
    return [under(isUnder(common, root) ? common : root)];
  });
  const rest = byRoot.get(undefined);
  return anyOf(rest === undefined ? wide : [...wide, exactly(name, rest)]);
}

const isAddress = (host: string): boolean => host.includes(":") || /^[0-9.]+$/.test(host);

/** ".example.com" of "a.example.com" and "b.example.com"; a suffix of one label would be half of the internet. */
function commonSuffix(hosts: readonly string[]): string | undefined {
  if (hosts.some(isAddress)) return undefined;
  const [first = [], ...rest] = hosts.map((host) => host.split(".").reverse());
  let length = first.length - 1;
  for (const labels of rest) {
    let same = 0;
    while (same < length && same < labels.length - 1 && labels[same] === first[same]) same += 1;
    length = same;
  }
  return length < 2 ? undefined : `.${first.slice(0, length).reverse().join(".")}`;
}

function hostShape(name: string, hosts: readonly string[], { maxExact }: ShapeOptions): Cond | undefined {
  if (hosts.length <= maxExact) return exactly(name, hosts);
  const suffix = commonSuffix(hosts);
  return suffix === undefined ? undefined : { kind: "text", test: "ends with", term: named(name), text: suffix };
}

/** Undefined: nothing is asked. `values`: all that were seen, each once. */
export function shapeOf(
  { name, type, values: all = [] }: Argument,
  values: readonly Datum[],
  options: ShapeOptions,
): Cond | undefined {
  const numbers = values.filter((value) => typeof value === "number");
  const texts = values.filter((value) => typeof value === "string");
  // Half a character has no spelling in a policy file.
  if (values.length === 0 || !texts.every((text) => text.isWellFormed())) return undefined;
  switch (type) {
    case "int":
      return atMost(named(name), Math.max(...numbers));
    case "bytes":
      return atMost({ kind: "length", of: name }, Math.max(...numbers));
    case "path":
      return pathShape(name, texts, options);
    case "host":
      return hostShape(name, texts, options);
    case "bool": {
      const is: Cond = { kind: "name", name };
      return values.length > 1 ? undefined : values[0] === true ? is : { kind: "not", of: is };
    }
    case "enum":
      return all.length > 0 && texts.length >= all.length ? undefined : exactly(name, texts);
    case "text":
    case "ip":
      return texts.length <= options.maxExact ? exactly(name, texts) : undefined;
    default:
      return undefined;
  }
}
