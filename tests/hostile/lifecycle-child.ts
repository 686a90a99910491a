// A process of its own in which sandboxes come to every kind of end, some to none. It tells what it saw, and then must
// end by itself: nothing of what is left may keep it alive.
import {
  blocking,
  callSignal,
  createSandbox,
  type Result,
  run,
  runProgram,
  type Sandbox,
} from "../../embed/node/index.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const complaints: string[] = [];
for (const event of ["unhandledRejection", "uncaughtException", "warning", "rejectionHandled", "multipleResolves"])
  process.on(event, (what: unknown) => complaints.push(`${event}: ${String(what)}`));

const never = (): Promise<void> => new Promise(() => undefined);
const grant = {
  never,
  wait: blocking(never),
  reject: async (ms: number) => {
    await sleep(ms);
    throw new Error("rejected");
  },
  late: async (ms: number) => {
    await sleep(ms);
    return () => "live";
  },
  listen: () => {
    callSignal().addEventListener("abort", () => undefined);
    return never();
  },
};
const hour = 3_600_000;
/** (module (func (export "_start") (loop (br 0)))) */
const SPINNER = Uint8Array.from(
  Buffer.from("0061736d010000000104016000000302010007" + "0a01065f73746172740000" + "0a0901070003400c000b0b", "hex"),
);

/** Scenarios, each with the statuses of what it ran. Timers of an hour and calls without end are left on purpose. */
const SCENES: Readonly<Record<string, () => Promise<readonly Result[]>>> = {
  "left alone": async () => [await (await createSandbox()).run("1")],
  "left alone with timers": async () => {
    const box = await createSandbox({ grant });
    return [await box.run(`setInterval(() => 0, 1); setTimeout(() => 0, ${hour}); 1`), await box.run("2")];
  },
  "left alone with calls": async () => {
    const box = await createSandbox({ grant });
    return [await box.run("never(); listen(); reject(20); late(20); reject(0); 1")];
  },
  "left alone after a throw": async () => [await (await createSandbox({ grant })).run("never(); throw new Error('x')")],
  "left alone on a virtual clock": async () => {
    const box = await createSandbox({ grant, virtual: true });
    return [await box.run(`setInterval(() => 0, ${hour}); never(); 1`)];
  },
  "fire and forget": async () => [await run({ source: `setTimeout(() => never(), ${hour}); reject(10); 1`, grant })],
  deadline: async () => [await run({ source: "wait()", grant, limits: { wall: 30 } })],
  "long deadline, short run": async () => [await run({ source: "1", limits: { wall: "1h" } })],
  fuel: async () => [await run({ source: "never(); for (;;);", grant, limits: { fuel: "1M" } })],
  "promises that reject": async () => [
    await run({
      source: "Promise.reject(new Error('x')); async () => { throw 1 }; reject(1); reject(1).finally(); 1",
      grant,
    }),
  ],
  "disposed while it runs": () => disposed("reject(5); late(5); for (;;);"),
  "disposed while it is parked": () => disposed("reject(5); listen(); wait()"),
  "disposed while it awaits": () => disposed("reject(5); await never()"),
  "disposed while it sleeps": () => disposed(`await new Promise((r) => setTimeout(r, ${hour}))`),
  "disposed while it drains": () => disposed("never(); 1", true),
  "disposed while runs are queued": async () => {
    const box = await createSandbox({ grant });
    const all = [box.run("wait()"), box.run("1"), box.call("f"), box.check("1"), box.run("const a: number = 1")];
    await sleep(5);
    box.dispose();
    return Promise.all(all);
  },
  "aborted, one signal for many": async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const sources = ["for (;;);", "wait()", "await never()", `await new Promise((r) => setTimeout(r, ${hour}))`];
    const all = Array.from({ length: 40 }, (_, i) => run({ source: sources[i % 4] as string, grant, signal }));
    await sleep(20);
    controller.abort();
    controller.abort();
    return Promise.all([...all, run({ source: "1", signal })]);
  },
  "one signal for many runs of one sandbox": async () => {
    const { signal } = new AbortController();
    const box = await createSandbox();
    const results: Result[] = [];
    for (let i = 0; i < 60; i++) results.push(await box.run("1", { signal }));
    return results;
  },
  "a program that sleeps": async () => [await runProgram({ module: SPINNER, limits: { wall: 30 } })],
  "watchers that reject": async () => {
    const fail = async (): Promise<never> => {
      throw new Error("watcher");
    };
    return [await run({ source: "console.log(1); reject(0).catch(() => 0); 1", grant, console: fail, trace: fail })];
  },
};

async function disposed(source: string, drain = false): Promise<readonly Result[]> {
  const box: Sandbox = await createSandbox({ grant });
  const running = box.run(source, { drain });
  await sleep(10);
  box.dispose();
  box.dispose();
  await box[Symbol.asyncDispose]();
  return [await running];
}

const statuses: Record<string, string> = {};
for (const [name, scene] of Object.entries(SCENES)) {
  const results = await scene();
  const told = results.map((result) => (result.status === "exhausted" ? result.resource : result.status));
  statuses[name] = [...new Set(told)].join();
}
await sleep(60); // what was left to reject has rejected
process.stdout.write(JSON.stringify({ statuses, complaints }));
