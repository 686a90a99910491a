// The page's own program: runs what is in the box, under limits, with what it is granted and nothing else.
import { run, warmUp } from "cordon";
import { readOnly, tree } from "cordon/policy-libs";

const [source, shown, ticks] = ["source", "shown", "ticks"].map((id) => document.getElementById(id));
const show = (line) => {
  shown.textContent += `${line}\n`; // as text: what a guest says is never HTML
};
const notes = readOnly(tree({ "milk.txt": "two bottles", "rent.txt": "on Friday", "moon.txt": "full" }));

let stopping = new AbortController();

async function start(text) {
  stopping.abort();
  stopping = new AbortController();
  shown.textContent = "";
  const limits = { wall: "30 s", fuel: "1T", memory: "32 MiB", calls: 1_000 };
  const result = await run({ source: text, grant: { notes, show }, limits, signal: stopping.signal });
  const { status, usage } = result;
  const what = { returned: () => result.value, threw: () => result.error, exhausted: () => result.resource };
  show(`${status}${what[status] ? `: ${what[status]()}` : ""} (${Math.round(usage.wall)} ms, ${usage.fuel} fuel)`);
}

document.getElementById("run").onclick = () => start(source.value);
document.getElementById("spin").onclick = () => start("for (;;);");
document.getElementById("stop").onclick = () => stopping.abort();
setInterval(() => {
  ticks.textContent = Number(ticks.textContent) + 1;
}, 100);
warmUp();
