// `cordon policy fmt`: files set in the one way.
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type Diagnostic, format } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { exitCode, UsageError } from "../exit.ts";
import { escapeControls, painter, type Screen, stderr, stdout } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { filesOf } from "./files.ts";
import { readText } from "./given.ts";

interface Done {
  readonly name: string;
  readonly before: string;
  /** Undefined: it is no policy file. */
  readonly after: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

function formatted(file: string): Done {
  const name = file === "-" ? "stdin" : file;
  const before = readText(file);
  const made = format(before, name);
  if ("diagnostic" in made) return { name, before, after: undefined, diagnostics: [made.diagnostic] };
  return { name, before, after: made.text, diagnostics: [] };
}

/** By one rename: nobody finds half a policy there, whatever happens meanwhile. */
function replace(file: string, text: string): void {
  const real = realpathSync(file);
  const beside = `${real}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text, { flag: "wx", mode: statSync(real).mode & 0o777 });
    renameSync(beside, real);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new UsageError(`${file}: cannot be written (${String((error as { readonly code?: unknown }).code)})`);
  }
}

const isChanged = ({ before, after }: Done): boolean => after !== undefined && after !== before;

function show(done: Done, isCheck: boolean, screen: Screen): void {
  const paint = painter(screen);
  const name = escapeControls(done.name);
  showDiagnostics(done.diagnostics, new Map([[done.name, done.before]]), screen);
  if (isChanged(done)) screen.write(`${paint("yellow", isCheck ? "would change" : "changed")}  ${name}\n`);
}

function tell(parsed: Parsed, all: readonly Done[]): void {
  if (parsed.has("json")) {
    const told = all.map((done) => ({ file: done.name, changed: isChanged(done), diagnostics: done.diagnostics }));
    return stdout().write(`${JSON.stringify({ files: told })}\n`);
  }
  for (const done of all) show(done, parsed.has("check"), stdout());
}

/** Standard input to standard output, where nothing else is said. */
function pass(done: Done): void {
  if (done.after === undefined) show(done, false, stderr());
  else stdout().write(done.after);
}

export async function fmt(parsed: Parsed): Promise<number> {
  const isCheck = parsed.has("check");
  const files = filesOf(parsed);
  if (files.includes("-") && files.length > 1)
    throw new UsageError("- is standard input alone, and no files with it", "cordon policy fmt -");
  // All are read before any is written: one that cannot be read leaves the others as they were.
  const all = files.map(formatted);
  const [first] = all as [Done];
  if (files[0] === "-" && !isCheck) {
    pass(first);
    return exitCode(first.after === undefined ? "threw" : "returned");
  }
  if (!isCheck) for (const done of all) if (isChanged(done)) replace(done.name, done.after as string);
  tell(parsed, all);
  const isFine = all.every((done) => done.after !== undefined && !(isCheck && isChanged(done)));
  return exitCode(isFine ? "returned" : "threw");
}
