// `node sleepers.ts COUNT`: what each of COUNT sandboxes costs that sleep in this process, having run a small app, with all
// that belongs to it; and how long one takes to wake and to fall asleep, apart from what it does then.
import type { Box } from "../../../embed/box.ts";
import { newEngine } from "../../../embed/engine.ts";
import { newResidency } from "../../../embed/hibernation/residency.ts";
import type { Resident } from "../../../embed/hibernation/resident.ts";
import { nodePowers } from "../../../embed/node/assets.ts";
import { runInBox, sandboxOf } from "../../../embed/sandbox.ts";
import { newTemplate } from "../../../embed/template.ts";
import { median } from "../statistics.ts";

const APP = `globalThis.items = Array.from({ length: 100 }, (_, i) => ({ id: i, done: false }));
globalThis.open = () => items.filter(({ done }) => !done).length; open()`;

const count = Number(process.argv[2]);
const collect = globalThis.gc ?? (() => {});
const residency = newResidency();
const boxes: Box[] = [];
const grant = { tools: { add: (a: number, b: number) => a + b } };
const template = await newTemplate(
  newEngine(nodePowers),
  { source: "0", grant, residency },
  {
    open(box) {
      boxes.push(box);
      return sandboxOf(box);
    },
    runIn: runInBox,
  },
);

async function asleep(): Promise<unknown> {
  const sandbox = await template.fork();
  const result = await sandbox.run(APP);
  if (result.status !== "returned" || result.value !== 100) throw new Error(JSON.stringify(result));
  await sandbox.hibernate();
  return sandbox;
}

async function settled(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
}

// What the process pays once is paid before: its heap is as large as it gets for as many that come and go.
for (let i = 0; i < 2_000; i++) await asleep();
for (const box of boxes.splice(1_000)) sandboxOf(box).dispose();
boxes.splice(0);
const before = await settled();
const kept: unknown[] = [];
for (let i = 0; i < count; i++) kept.push(await asleep());
const bytes = ((await settled()) - before) / count;

const [wakes, sleeps]: [number[], number[]] = [[], []];
const some = boxes.slice(0, 500).map(({ resident }) => resident as Resident);
for (let round = 0; round < 10; round++) {
  for (const one of some) {
    const start = performance.now();
    if (one.house.enter(one) !== undefined) throw new Error("it is held by nobody");
    const woken = performance.now();
    one.house.leave(one);
    const left = performance.now();
    if (!one.house.sleep(one)) throw new Error("it does not sleep");
    if (round > 4) sleeps.push(performance.now() - left);
    if (round > 4) wakes.push(woken - start);
  }
}
const held = residency.held() / residency.asleep();
console.log(JSON.stringify({ bytes, wake: median(wakes), sleep: median(sleeps), held, kept: kept.length }));
process.exit(0);
