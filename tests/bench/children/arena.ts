// `node arena.ts COUNT`: what each of COUNT sandboxes costs that live at once in one process, all of them resident. Says
// how many come next as it goes on.
import { createTemplate } from "../../../embed/node/index.ts";

const STEP = 100;
const count = Number(process.argv[2]);
const confinement = process.argv[3] === "frame" ? "frame" : "arena";
const template = await createTemplate({ source: "globalThis.kept = [1, 2, 3].map(String); 0", confinement });
const collect = globalThis.gc ?? (() => {});

async function born(): Promise<unknown> {
  const box = await template.fork();
  const result = await box.run("kept.length");
  if (result.status !== "returned" || result.value !== 3) throw new Error(JSON.stringify(result));
  return box;
}

const kept = [await born()]; // what the process pays once is in this one
for (let i = 0; i < 200; i++) kept.push(await born());
collect();
const before = process.memoryUsage().rss;
const [start, used] = [performance.now(), process.cpuUsage()];
for (let i = 0; i < count; i++) {
  if (i % STEP === 0) process.stdout.write(`${STEP}\n`);
  kept.push(await born());
}
const ms = (performance.now() - start) / count;
const system = process.cpuUsage(used).system / 1_000 / count;
collect();
const bytes = (process.memoryUsage().rss - before) / count;
console.log(JSON.stringify({ ms, system, bytes, kept: kept.length }));
process.exit(0);
