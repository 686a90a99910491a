// `node residents.ts CONTENDER COUNT`: the resident memory that each of COUNT sandboxes adds to this process.
import { gather } from "../contenders/index.ts";

const [name, count] = [process.argv[2], Number(process.argv[3])];
const collect = globalThis.gc ?? (() => {});

const { contenders, missing } = await gather(true);
const contender = contenders.find((candidate) => candidate.name === name);
if (contender === undefined) throw new Error(missing.get(name ?? "") ?? `no contender ${name}`);

async function open(): Promise<unknown> {
  const box = await contender!.open("");
  await box.evaluate("globalThis.kept = [1, 2, 3].map(String); 1 + 1");
  return box;
}

const kept = [await open()]; // what the process pays once is in this one
collect();
const before = process.memoryUsage().rss;
for (let i = 0; i < count; i++) kept.push(await open());
collect();
const perSandbox = (process.memoryUsage().rss - before) / count;
console.log(JSON.stringify({ perSandbox, kept: kept.length }));
process.exit(0);
