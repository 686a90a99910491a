// `cordon policy check`: are the files right, and what do they amount to?
import { boundOf, type Diagnostic } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { exitCode } from "../exit.ts";
import { escapeControls, type Paint, painter, stdout } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { type Examined, examineAll } from "./files.ts";

interface Facts {
  readonly policies: readonly string[];
  readonly bundles: readonly string[];
  readonly tests: number;
  readonly claims: number;
  /** What is remembered at most, of all that is enforced, in bits, by whose it is. */
  readonly bits: Readonly<Record<string, number>>;
}

function factsOf({ loaded }: Examined): Facts | undefined {
  if (loaded === undefined) return undefined;
  const { policies, bundles, tests, proves, entry } = loaded;
  return {
    ...{ policies: [...policies.keys()], bundles: [...bundles.keys()], tests: tests.length, claims: proves.length },
    bits: entry === undefined ? {} : Object.fromEntries(boundOf(entry)),
  };
}

const counted = (many: number, one: string, more = `${one}s`): string => `${many} ${many === 1 ? one : more}`;

function sizeText(bits: number): string {
  return bits < 64 ? counted(bits, "bit") : `${Math.ceil(bits / 8).toLocaleString("en-US")} bytes`;
}

function factsLine({ policies, bundles, tests, claims, bits }: Facts): string {
  const counts = [
    counted(policies.length, "policy", "policies"),
    ...(bundles.length > 0 ? [counted(bundles.length, "bundle")] : []),
    ...(tests > 0 ? [counted(tests, "test")] : []),
    ...(claims > 0 ? [counted(claims, "claim")] : []),
  ];
  const parts = Object.entries(bits).filter(([, size]) => size > 0);
  const kept = parts.map(([scope, size]) => `${sizeText(size)} of each ${scope}`).join(", ");
  return `${counts.join(", ")}; remembers ${kept || "nothing"}`;
}

const isWrong =
  (isStrict: boolean) =>
  ({ severity }: Diagnostic) =>
    isStrict || severity === "error";

function head(examined: Examined, isStrict: boolean, paint: Paint): string {
  const facts = factsOf(examined);
  const name = escapeControls(examined.name);
  const wrong = examined.diagnostics.filter(isWrong(isStrict)).length;
  if (wrong > 0 || facts === undefined) return `${paint("red", "wrong")}  ${name}: ${counted(wrong, "mistake")}\n`;
  return `${paint("green", "fine")}  ${name}: ${factsLine(facts)}\n`;
}

function jsonOf(examined: Examined, isStrict: boolean): object {
  const { name, diagnostics } = examined;
  const verdict = diagnostics.some(isWrong(isStrict)) ? "wrong" : "fine";
  return { file: name, verdict, diagnostics, ...factsOf(examined) };
}

export async function check(parsed: Parsed): Promise<number> {
  const isStrict = parsed.has("strict");
  const files = await examineAll(parsed);
  const screen = stdout();
  if (parsed.has("json")) screen.write(`${JSON.stringify({ files: files.map((each) => jsonOf(each, isStrict)) })}\n`);
  else {
    for (const examined of files) {
      showDiagnostics(examined.diagnostics, examined.texts, screen);
      screen.write(head(examined, isStrict, painter(screen)));
    }
  }
  const isFine = !files.some(({ diagnostics }) => diagnostics.some(isWrong(isStrict)));
  return exitCode(isFine ? "returned" : "threw");
}
