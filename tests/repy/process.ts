// Emulation, layers and program side in this process, with copies between them as a gate makes them.
import { Script } from "node:vm";
import { type ContractData, contract } from "../../policy-libs/contract/index.ts";
import { type Granted, isGranted } from "../../policy-libs/index.ts";
import { crossing, type Table } from "./crossing.ts";
import { guestModule } from "./guest.ts";
import type { Cause, Start } from "./harness.ts";

interface Emulation {
  makeRepy(base: unknown, restrictions: string): Promise<Table>;
}

interface Program {
  createProgram(options: { table: Table; args: readonly string[]; locate: (text: string) => number | undefined }): {
    readonly context: { set(name: string, value: unknown): void };
    run(source: string, name: string): Promise<Cause>;
  };
}

interface Offer {
  readonly contract: ContractData;
  readonly functions: Table;
}

interface Encasement {
  runLayer(given: object): Promise<Offer>;
}

const NO_OP = "secure_dispatch_module();";

/** V8 tells the line of a syntax error only in the stack of a Script. */
function locate(text: string): number | undefined {
  try {
    new Script(`(async function () {\n${text}\n})`, { filename: "located" });
    return undefined;
  } catch (error) {
    const line = /^located:(\d+)/.exec((error as Error).stack ?? "")?.[1];
    return line === undefined ? undefined : Number(line) - 1;
  }
}

/** A capability as a guest sees it: an object of asynchronous functions, and such objects in what they give. */
function objectOf(granted: Granted): Table {
  const seen = (value: unknown): unknown => {
    if (isGranted(value)) return objectOf(value);
    if (Array.isArray(value)) return value.map(seen);
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, seen(item)]));
  };
  const calls = Object.entries(granted.functions).map(([name, call]) => [
    name,
    async (...args: never[]) => seen(await call(...args)),
  ]);
  return Object.fromEntries(calls) as Table;
}

/** The table of each layer above the one below it. Rejects, and nothing above starts, where a layer does not dispatch. */
async function stackUp(lowest: Table, layers: Start["layers"]): Promise<Table> {
  const { runLayer } = await guestModule<Encasement>("encasement.js");
  const { REPY } = await guestModule<{ REPY: ContractData }>("contracts.js");
  let offer: Offer = { contract: REPY, functions: lowest };
  for (const { name, text } of layers) {
    offer = await runLayer({ table: crossing(offer.functions), contract: offer.contract, text, name, locate });
    // What a layer offers must be a contract: a wrong one is refused here, as embed/ would.
    if (text !== NO_OP) contract(offer.contract);
  }
  return crossing(offer.functions);
}

export async function runInProcess({ world, restrictions, args, text, name, layers, plain }: Start): Promise<Cause> {
  const { makeRepy } = await guestModule<Emulation>("emulation/index.js");
  const { createProgram } = await guestModule<Program>("program/index.js");
  const { output, ...grants } = world.grants;
  const base = Object.entries({ ...grants, console: output }).map(([group, granted]) => [group, objectOf(granted)]);
  const lowest = await makeRepy(Object.fromEntries(base), restrictions);
  const below = new Array<Start["layers"][number]>(plain).fill({ name: "no-op", text: NO_OP });
  const side = createProgram({ table: await stackUp(lowest, [...below, ...layers]), args, locate });
  side.context.set("compute", async (seconds: number) => world.compute(seconds));
  return Promise.race([world.ended, side.run(text, name)]);
}
