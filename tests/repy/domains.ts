// RepyV2 programs in domains of the real engine. Without domains that do nothing between: as `runRepy` does it, with the
// real meters. With them: emulation, domains and program one above the other, and a virtual processor.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ContractData, contract } from "../../policy-libs/contract/index.ts";
import type { Granted } from "../../policy-libs/index.ts";
import { cordon } from "../embed/cordon.ts";
import { guestModule, STDLIB } from "./guest.ts";
import type { Cause, Start } from "./harness.ts";

/** For real, one has to work: `seconds` of processor time, as the meter counts them. */
export const COMPUTE = [
  "const compute = async (seconds) => {",
  "const until = (await getresources())[1].cpu + seconds; let n = 0;",
  "while ((await getresources())[1].cpu < until) for (let i = 0; i < 1e5; i++) n += i; };",
].join(" ");

export async function runForReal({ world, restrictions, args, text, name, layers }: Start): Promise<Cause> {
  const { files, net } = world.grants;
  const { end } = await cordon.runRepy({
    ...{ program: text, name, restrictions, args, files, net, console: (line) => void world.lines.push(line) },
    layers: layers.map((layer) => ({ name: layer.name, source: layer.text as string })),
    virtual: { time: world.time, seed: 1 },
  });
  const { layer, ...cause } = end;
  if (layer !== undefined) throw new Error(end.message);
  return cause;
}

const PROGRAM = `
import { createProgram } from "program/index.js";
const side = createProgram({ table: repy, args });
side.context.set("compute", async (seconds) => machine.compute(seconds));
export default await side.run(text, name);`;

function modules(specifier: string, referrer: string): { name: string; source: string } {
  const path = specifier.startsWith(".") ? join(referrer, "..", specifier) : specifier;
  return { name: path, source: readFileSync(join(STDLIB, path), "utf8") };
}

/** Does nothing, to every call. */
const NO_OP =
  "export default { repy: Object.fromEntries(Object.keys(repy).map((name) => [name, (...args) => repy[name](...args)])) };";

type Layers = Awaited<ReturnType<typeof cordon.layer>>[];

const LIMITS = { fuel: "1000000M", wall: "60 s" } as const;

async function stackUp({ world, restrictions, plain }: Start, made: Layers): Promise<Granted> {
  const { REPY } = await guestModule<{ REPY: ContractData }>("contracts.js");
  const common = { kind: "module", modules, offers: { repy: contract(REPY) }, limits: LIMITS } as const;
  const add = async (one: Promise<Layers[number]>): Promise<Granted> => {
    made.push(await one);
    return (await one).grant["repy"] as Granted;
  };
  const { source } = modules("run/emulation.js", "");
  const given = { source: source.replaceAll('"../', '"'), grant: world.grants, inputs: { restrictions } };
  let repy = await add(cordon.layer({ ...common, name: "emulation", ...given }));
  for (let i = 0; i < plain; i++)
    repy = await add(cordon.layer({ ...common, name: `no-op-${i}`, source: NO_OP, grant: { repy } }));
  return repy;
}

/** The program's domain ends with the run, whoever ended it. */
async function runAbove({ world, args, text, name }: Start, repy: Granted): Promise<Cause> {
  const controller = new AbortController();
  const run = cordon.run({
    ...{ source: PROGRAM, kind: "module", modules, inputs: { args, text, name }, limits: LIMITS },
    grant: { repy, machine: { compute: world.compute } },
    signal: controller.signal,
  });
  const first = await Promise.race([world.ended, run]);
  controller.abort();
  if ("kind" in first) return first;
  if (first.status === "returned") return first.value as Cause;
  throw new Error(`the program's domain: ${JSON.stringify(first)}`);
}

export async function runInDomains(start: Start): Promise<Cause> {
  const made: Layers = [];
  try {
    return await runAbove(start, await stackUp(start, made));
  } finally {
    for (const layer of made.toReversed()) layer.dispose();
  }
}
