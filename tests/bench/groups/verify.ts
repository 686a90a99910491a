// Verification of the engine artifact: validation by the host engine and the kernel's own rules. It is done at every
// load, so a cold process pays the cold figure at every start.
import { attempt, verify as verifyModule } from "../../../kernel/index.ts";
import type { Times } from "../children/watch.ts";
import { child } from "../children.ts";
import { engineBytes } from "../kernels.ts";
import { entryOf, notMeasured, paired, reason, timed } from "../pairs.ts";
import { median } from "../statistics.ts";
import type { Entry, Group, Line } from "../types.ts";

const ROUNDS = 15;
const decoder = new TextDecoder();

function judgeOnce(bytes: Uint8Array<ArrayBuffer>): void {
  if (!WebAssembly.validate(bytes)) throw new Error("the engine is not valid");
  const judged = attempt(() => verifyModule(bytes, { kind: "frame" }, (name) => decoder.decode(name)));
  if ("rule" in judged) throw new Error(`the engine is refused: ${judged.rule} at ${judged.at}`);
}

async function warm(): Promise<Entry> {
  const bytes = engineBytes();
  for (let i = 0; i < 10; i++) judgeOnce(bytes);
  return (await paired([{ who: "cordon", sample: () => timed(() => judgeOnce(bytes)) }]))[0]!;
}

async function cold(): Promise<Entry> {
  const all: (Times & { load: number })[] = [];
  for (let round = 0; round < ROUNDS; round++) all.push(await child("load"));
  const middle = (part: keyof (typeof all)[0]): string => median(all.map((times) => times[part])).toFixed(1);
  const note = `validate ${middle("validate")}, rules ${middle("verify")}; compiling adds ${middle("compile")}`;
  return entryOf(
    "cordon",
    all.map(({ validate, verify }) => validate + verify),
    note,
  );
}

async function orReason(work: () => Promise<Entry>): Promise<Entry> {
  try {
    return await work();
  } catch (thrown) {
    return notMeasured("cordon", reason(thrown));
  }
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  const what = "verification of the engine artifact";
  emit({ id: "verify.warm", what: `${what}, warm`, unit: "ms", entries: [await orReason(warm)] });
  emit({ id: "verify.cold", what: `${what}, fresh process`, unit: "ms", entries: [await orReason(cold)] });
}

export const verify: Group = { name: "verify", what: "verification", measure };
