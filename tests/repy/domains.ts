// A domain of its own for the emulation, for each layer and for the program, one above the other.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ContractData, contract } from "../../policy-libs/contract/index.ts";
import type { Granted } from "../../policy-libs/index.ts";
import { cordon } from "../embed/cordon.ts";
import { guestModule, STDLIB } from "./guest.ts";
import type { Cause, Start } from "./harness.ts";

const EMULATION = `
import { makeRepy } from "emulation/index.js";
export default { repy: await makeRepy({ files, net, clock, timers, random, console: output, usage, life }, restrictions) };`;

/** Does nothing, to every call. */
const NO_OP =
  "export default { repy: Object.fromEntries(Object.keys(repy).map((name) => [name, (...args) => repy[name](...args)])) };";

const ENCASED = `
import { runLayer } from "encasement.js";
const offer = await runLayer({ table: repy, contract: below, text, name });`;

const PROGRAM = `
import { createProgram } from "program/index.js";
const side = createProgram({ table: repy, args });
side.context.set("compute", async (seconds) => machine.compute(seconds));
export default await side.run(text, name);`;

function modules(specifier: string, referrer: string): { name: string; source: string } {
  const path = specifier.startsWith(".") ? join(referrer, "..", specifier) : specifier;
  return { name: path, source: readFileSync(join(STDLIB, path), "utf8") };
}

type Layers = Awaited<ReturnType<typeof cordon.layer>>[];

const LIMITS = { fuel: "1000000M", wall: "60 s" } as const;

/** One layer as RepyV2 writes it: what it defines is learned first, in a domain that is thrown away. */
async function encased(below: ContractData, repy: Granted, layer: Start["layers"][number]) {
  const inputs = { below, ...layer };
  const learned = await cordon.run({
    ...{ source: `${ENCASED}\nexport default offer.contract;`, kind: "module", modules, inputs, limits: LIMITS },
    grant: { repy },
  });
  if (learned.status !== "returned")
    throw new Error(learned.status === "threw" ? learned.error.message : learned.status);
  const data = learned.value as ContractData;
  const made = await cordon.layer({
    ...{ name: layer.name, source: `${ENCASED}\nexport default { repy: offer.functions };`, kind: "module" },
    ...{ modules, inputs, limits: LIMITS, grant: { repy }, offers: { repy: contract(data) } },
  });
  return { data, made };
}

async function stackUp({ world, restrictions, layers, plain }: Start, made: Layers): Promise<Granted> {
  const { REPY } = await guestModule<{ REPY: ContractData }>("contracts.js");
  const offers = { repy: contract(REPY) };
  const add = async (one: Promise<Layers[number]>): Promise<Granted> => {
    made.push(await one);
    return (await one).grant["repy"] as Granted;
  };
  const common = { kind: "module", modules, offers, limits: LIMITS } as const;
  const grant = world.grants;
  let repy = await add(
    cordon.layer({ ...common, name: "emulation", source: EMULATION, grant, inputs: { restrictions } }),
  );
  for (let i = 0; i < plain; i++)
    repy = await add(cordon.layer({ ...common, name: `no-op-${i}`, source: NO_OP, grant: { repy } }));
  let data = REPY;
  for (const layer of layers) {
    const next = await encased(data, repy, layer);
    data = next.data;
    repy = await add(Promise.resolve(next.made));
  }
  return repy;
}

/** The program's domain ends with the run, whoever ended it. */
async function runAbove(start: Start, repy: Granted): Promise<Cause> {
  const { world, args, text, name } = start;
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
