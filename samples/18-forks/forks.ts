// A warm template, and a fork of it for each of many requests: nobody waits for the index, and nobody meets what the
// request before has left.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, createTemplate } from "cordon";

const source = readFileSync(join(import.meta.dirname, "library.js"), "utf8");

interface Request {
  readonly customer: string;
  readonly word: string;
  readonly program: string;
}

const HONEST = "return found.sort().join()";
const MEAN = `index.clear();                        // everybody's index, it seems
  Array.prototype.sort = () => "spoilt";             // and everybody's arrays
  globalThis.stolen = (globalThis.stolen ?? 0) + 1;
  return "cleared for " + stolen`;

/** One customer in ten is mean, one in ten has a program that does not end. */
const requestOf = (n: number): Request => {
  const program = n % 10 === 3 ? MEAN : n % 10 === 7 ? "for (;;);" : HONEST;
  return { customer: `customer ${n}`, word: "listen", program };
};

export async function serve(count: number) {
  const begun = performance.now();
  const template = await createTemplate({ source, grant: { log: (_text: string) => undefined } });
  const warm = performance.now() - begun;
  const answers = new Map<unknown, number>();
  const lines: string[] = [];
  let forks = 0;
  for (let n = 0; n < count; n++) {
    const { customer, word, program } = requestOf(n);
    const since = performance.now();
    // The same names and contracts; other functions, and other limits.
    using box = await template.fork({
      grant: { log: (text: string) => void lines.push(`${customer}: ${text}`) },
      limits: { fuel: "2M" },
    });
    forks += performance.now() - since;
    const result = await box.call("answer", word, program);
    const what = result.status === "returned" ? result.value : result.status;
    answers.set(what, (answers.get(what) ?? 0) + 1);
  }
  return { answers, warm, fork: forks / count, lines };
}

/** A fork has everything: variables, closures, timers that have not fired. And it is somebody else. */
export async function twins() {
  await using box = await createSandbox();
  await box.run("let n = 0; const up = () => ++n; up(); up(); globalThis.dice = Math.random()");
  await using twin = await box.fork();
  const [one, other] = [await box.run("up()"), await twin.run("up(); up()")];
  const [dice, others] = [await box.run("Math.random()"), await twin.run("Math.random()")];
  const bytes = await box.snapshot();
  await using later = await createSandbox({ from: bytes });
  const back = await later.run("up()");
  const values = [one, other, back].map((result) => (result.status === "returned" ? result.value : result.status));
  return { values, isOtherDice: JSON.stringify(dice) !== JSON.stringify(others) };
}

if (process.argv[1] === import.meta.filename) {
  const { answers, warm, fork } = await serve(1_000);
  for (const [answer, times] of answers) console.log(`${times} x ${String(answer)}`);
  console.log(`the template took ${warm.toFixed(0)} ms once, a fork of it ${fork.toFixed(3)} ms each time`);
  console.log(await twins());
}
