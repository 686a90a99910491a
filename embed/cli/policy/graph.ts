// `cordon policy graph`: the states of a policy and what leads from one to the next, drawn in the terminal or as SVG.
import { writeFileSync } from "node:fs";
import { type Joined, policyGraph } from "../../../policy-libs/index.ts";
import { onlyFile, type Parsed } from "../arguments.ts";
import { exitCode, UsageError } from "../exit.ts";
import { escapeControls, stderr, stdout, withProgress } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { type Examined, examineAll } from "./files.ts";

function unknown(name: string, { policies, bundles }: NonNullable<Examined["loaded"]>): UsageError {
  const names = [...policies.keys(), ...bundles.keys()];
  return new UsageError(`--policy ${name}: there is none; there are ${names.join(", ")}`, "cordon help policy graph");
}

/** "n" or "few_windows.n"; others are of other policies. */
const isOf = (word: string, { name, parameters }: { name: string; parameters: readonly { name: string }[] }): boolean =>
  parameters.some((own) => word === own.name || word === `${name}.${own.name}`);

/** What is enforced, or one policy or bundle of the file. */
function chosen(examined: Examined, parsed: Parsed): Joined {
  const { name: file, loaded, diagnostics, texts } = examined;
  const wanted = parsed.text("policy");
  if (loaded === undefined || (wanted === undefined && loaded.entry === undefined)) {
    showDiagnostics(diagnostics, texts, stderr());
    throw new UsageError(`${file} has no policy that could be enforced`, `cordon policy check ${file}`);
  }
  if (wanted === undefined) return loaded.entry as Joined;
  const bundle = loaded.bundles.get(wanted);
  if (bundle !== undefined) return bundle;
  const template = loaded.policies.get(wanted);
  if (template === undefined) throw unknown(wanted, loaded);
  const made = template.instantiate(new Map([...examined.parameters].filter(([name]) => isOf(name, template))));
  if (made.kind === "instance") return made.policy;
  showDiagnostics(made.diagnostics, texts, stderr());
  throw new UsageError(`policy ${wanted} cannot be drawn as it is`, "cordon help policy graph");
}

function write(path: string, svg: string): void {
  try {
    if (path === "-") stdout().write(svg);
    else writeFileSync(path, svg);
  } catch (error) {
    throw new UsageError(`--svg ${path}: ${(error as Error).message}`, "cordon help policy graph");
  }
}

const escapedLines = (text: string): string => text.split("\n").map(escapeControls).join("\n");

export async function graph(parsed: Parsed): Promise<number> {
  const file = onlyFile(parsed);
  if (file === undefined) throw new UsageError("which file?", "cordon help policy graph");
  const svg = parsed.text("svg");
  if (svg !== undefined && parsed.has("json"))
    throw new UsageError("--svg and --json: one of them", "cordon help policy graph");
  const [examined] = (await examineAll(parsed)) as readonly [Examined];
  const joined = chosen(examined, parsed);
  const drawn = await withProgress("drawing", async () => policyGraph.graphOf(joined));
  if (svg !== undefined) {
    write(svg, policyGraph.toSvg(drawn));
    for (const note of policyGraph.notesOf(drawn)) stderr().write(`cordon: ${note}\n`);
  } else if (parsed.has("json")) stdout().write(`${JSON.stringify(policyGraph.toJson(drawn))}\n`);
  else stdout().write(escapedLines(policyGraph.toText(drawn)));
  return exitCode("returned");
}
