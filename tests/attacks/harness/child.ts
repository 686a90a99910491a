// A process that attacks one system: `node child.ts SYSTEM`. Takes attacks by message, answers each with a report.
import type { Attack } from "./attempt.ts";
import { attempt } from "./attempt.ts";
import { nodeView, plantCanaries } from "./node-view.ts";
import type { System } from "./system.ts";

const { system } = (await import(`./${process.argv[2]}.ts`)) as { system: System };
plantCanaries();
// What a first guest would wait for is loaded: the deadlines of attacks are short.
for (const [file, source] of Object.entries(system.next))
  await system.run(source, file, {}, { wall: 20_000, memory: 64 });

process.on("message", (attack: Attack) => {
  void attempt(system, attack, nodeView).then((report) => process.send?.(report));
});
process.send?.("ready");
