// One group in its own process: `node group.ts NAME [--peers]`. Writes each line to standard output as JSON.
import { gather } from "./contenders/index.ts";
import { GROUPS } from "./groups/index.ts";
import { headed } from "./table.ts";

const [name, ...flags] = process.argv.slice(2);
const group = GROUPS.find((candidate) => candidate.name === name);
if (group === undefined) throw new Error(`no group ${name}`);
await group.measure(await gather(flags.includes("--peers")), (line) => console.log(JSON.stringify(headed(line))));
process.exit(0);
