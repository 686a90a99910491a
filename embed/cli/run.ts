// `cordon run`: one script in a sandbox of its own.
import { createSandbox } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { UsageError } from "./exit.ts";
import { finish, mannerOf } from "./finish.ts";
import { endGrants } from "./grants/index.ts";
import { onCtrlC } from "./interrupt.ts";
import { openListeners } from "./listeners.ts";
import { readSource, type Source, textOf } from "./source.ts";
import { worldOf } from "./world.ts";

function inputsOf(parsed: Parsed): Record<string, unknown> {
  const given = parsed.texts("input").map((word): [string, string] => {
    const [, name, text] = /^([A-Za-z_$][\w$]*)=([\s\S]*)$/.exec(word) ?? [];
    if (name === undefined || text === undefined) throw new UsageError(`--input ${word}: not NAME=TEXT`);
    return [name, text];
  });
  return { ...Object.fromEntries(given), args: parsed.rest };
}

const kindOf = (name: string): "auto" | "module" => (/\.m[jt]s$/.test(name) ? "module" : "auto");

const LANGUAGES = { js: "javascript", ts: "typescript", wasm: "auto" } as const;

async function runScript(parsed: Parsed, source: Source): Promise<number> {
  mannerOf(parsed);
  const [text, inputs] = [textOf(source), inputsOf(parsed)];
  const listeners = await openListeners(parsed, source.name);
  const world = await worldOf(parsed, source.name, ...listeners.audits);
  const stop = onCtrlC();
  const box = await createSandbox(world);
  try {
    const language = LANGUAGES[source.language];
    const options = {
      name: source.name,
      kind: kindOf(source.name),
      language,
      inputs,
      drain: true,
      signal: stop.signal,
    };
    const first = await box.run(text, options);
    const result =
      first.status === "interrupted" ? await (await import("./policy/approve.ts")).answered(first, stop.signal) : first;
    box.dispose();
    endGrants(parsed);
    await listeners.close();
    return finish(parsed, result, { name: source.name, text, ctrlC: stop.wasPressed(), tracer: listeners.tracer });
  } finally {
    stop.release();
    box.dispose();
    endGrants(parsed);
  }
}

export async function run(parsed: Parsed): Promise<number> {
  const source = readSource(parsed);
  if (source.language !== "wasm" && parsed.text("monitors") !== undefined) {
    throw new UsageError("--monitors is for WebAssembly programs: the instructions of a script are the engine's");
  }
  if (source.language !== "wasm") return await runScript(parsed, source);
  const { runModule } = await import("./wasm.ts");
  return await runModule(parsed, source);
}
