// Who may import whom (STYLE section 2), on resolved paths: `../embed/../kernel/gate.ts` is seen for what it is.
// Biome checks the same by the text of the import; the two overlap on purpose.
import { resolveImport } from "./tree.ts";

interface ImportRule {
  /** The first rule whose pattern matches the importing file is the one that holds. */
  readonly files: RegExp;
  /** Files of the tree, by their path from the root. */
  readonly may: readonly RegExp[];
  readonly node?: true;
  /** All of them, or these. */
  readonly packages?: true | readonly string[];
}

const KERNEL = /^kernel\/index\.ts$/;
const STDLIB = /^stdlib\/(abi|index|[\w-]+\/index)\.ts$/;

export const IMPORT_RULES: readonly ImportRule[] = [
  { files: /^kernel\//, may: [/^kernel\/[\w.-]+$/] },
  { files: /^policy-libs\/node\//, may: [/^policy-libs\//, KERNEL], node: true },
  { files: /^policy-libs\//, may: [/^policy-libs\/(?!node\/)/, KERNEL] },
  { files: /^stdlib\/(.*[/.])?build\.[tj]s$/, may: [/^/], node: true, packages: true },
  { files: /^stdlib\/toolchain\//, may: [/^stdlib\/toolchain\//, /^stdlib\/abi\.ts$/, KERNEL], packages: true },
  { files: /^stdlib\//, may: [/^stdlib\/(?!toolchain\/)/] },
  // Threads of pools are a kept library's.
  {
    files: /^embed\/node\/workers\//,
    may: [/^embed\//],
    node: true,
    packages: ["tinypool"],
  },
  { files: /^embed\/(cli|node)\//, may: [/^embed\//, KERNEL, /^policy-libs\/(node\/)?index\.ts$/, STDLIB], node: true },
  { files: /^embed\//, may: [/^embed\/(?!cli\/|node\/)/, KERNEL, /^policy-libs\/index\.ts$/, STDLIB] },
  { files: /^samples\//, may: [/^samples\//], node: true, packages: true },
];

function isAllowed(rule: ImportRule, file: string, specifier: string): boolean {
  if (specifier.startsWith("node:")) return rule.node === true;
  if (!specifier.startsWith(".")) return rule.packages === true || rule.packages?.includes(specifier) === true;
  return rule.may.some((pattern) => pattern.test(resolveImport(file, specifier)));
}

/** The module that `file` must not import, or undefined. */
export function refusedImport(file: string, specifier: string): string | undefined {
  const rule = IMPORT_RULES.find(({ files }) => files.test(file));
  if (rule === undefined || isAllowed(rule, file, specifier)) return undefined;
  return resolveImport(file, specifier);
}
