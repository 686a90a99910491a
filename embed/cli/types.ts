// `cordon types`: what a guest is given, as declarations for its author's editor.
import { analyse } from "./analysis.ts";
import { onlyFile, type Parsed } from "./arguments.ts";
import { declare, draft } from "./declarations.ts";
import { exitCode, UsageError } from "./exit.ts";
import { grantsOf } from "./grants/index.ts";
import { readSource, textOf } from "./source.ts";
import { stdout } from "./terminal.ts";

async function draftOf(parsed: Parsed): Promise<string> {
  const source = readSource(parsed);
  const text = textOf(source);
  const code = source.language === "ts" ? await (await import("./typescript.ts")).strip(text, source.name) : text;
  const analysis = await analyse(code);
  if (analysis.kind === "parsed") return draft(analysis.uses);
  const why = analysis.kind === "syntax" ? `${analysis.message} at ${analysis.line}:${analysis.column}` : analysis.why;
  throw new UsageError(`${source.name}: ${why}`, `cordon check ${source.name}`);
}

export async function types(parsed: Parsed): Promise<number> {
  const grants = await grantsOf(parsed);
  const hasGrants = Object.keys(grants).length > 0;
  const text = hasGrants || onlyFile(parsed) === undefined ? declare(grants) : await draftOf(parsed);
  stdout().write(parsed.has("json") ? `${JSON.stringify({ declarations: text })}\n` : text);
  return exitCode("returned");
}
