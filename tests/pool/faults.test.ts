// Workers that are lost at any moment: nothing is lost with them but what ran in them, and each of that is told of once.
import { describe, expect, test } from "vitest";
import { createCordon, type Isolation, nodePowers, type PoolEvent, type Result } from "../../embed/node/index.ts";
import { channels, farOf, poolOver, sleep, watchedPool } from "./world.ts";

const DEEP = process.env["CORDON_DEEP"] === "1";
const LOST = expect.stringMatching(/^the worker was lost: /);
const seed = Number(process.env["CORDON_SEED"] ?? 1);

/** Repeatable chance. */
function dice(): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe.for<Isolation>(["worker", "process"])("a %s that is killed", (isolation) => {
  test("is replaced; its jobs are reported, those that wait are not lost, its sandboxes have ended", async () => {
    const { pool, hired } = await watchedPool({ isolation, workers: 1, concurrency: 2 });
    const events: PoolEvent[] = [];
    pool.on((event) => events.push(event));
    const box = await pool.createSandbox();
    const running = [pool.run({ source: "for (;;);" }), box.run("for (;;);")];
    const waiting = [pool.run({ source: "1" }), pool.run({ source: "2" })];
    const later = box.run("3");
    await expect.poll(() => pool.stats().running).toBe(2);
    await sleep(50);
    await hired[0]?.dismiss();
    for (const job of running) expect(await job).toMatchObject({ status: "trapped", reason: LOST });
    expect(await Promise.all(waiting)).toMatchObject([{ value: 1 }, { value: 2 }]);
    expect(await later).toMatchObject({
      status: "refused",
      by: "sandbox",
      why: expect.stringContaining("the worker was lost"),
    });
    expect(box.ended()).toMatch(/^it trapped: the worker was lost/);
    expect(await box.run("4")).toMatchObject({ status: "refused", by: "sandbox" });
    expect(pool.stats().workers).toMatchObject([{ id: 1, state: "ready", restarts: 1 }]);
    expect(events.filter(({ kind }) => kind === "lost")).toHaveLength(1);
    await expect.poll(() => pool.meter().usage()).toMatchObject({ memory: 0, domains: 0, inFlight: 0 });
    await pool.dispose();
  });

  test("takes its forks with it: each is reported, and so is every copy that was asked for", async () => {
    const { pool, hired } = await watchedPool({ isolation, workers: 1 });
    const open: (() => void)[] = [];
    const box = await pool.createSandbox({ grant: { knock: () => new Promise<void>((go) => void open.push(go)) } });
    const forks = [await box.fork(), await box.fork()];
    forks.push(await (forks[0] as (typeof forks)[number]).fork());
    const from = await box.snapshot();
    const running = [box, ...forks].map((one) => one.run("await knock()"));
    await expect.poll(() => open.length).toBe(4);
    const asked = [box.fork(), box.snapshot(), box.hibernate(), ...forks.map((one) => one.fork())];
    const told = Promise.allSettled(asked);
    await sleep(20);
    await hired[0]?.dismiss();
    for (const one of running) expect(await one).toMatchObject({ status: "trapped", reason: LOST });
    const gone = { code: "E_DISPOSED", message: expect.stringContaining("the worker was lost") };
    for (const one of await told) expect(one).toMatchObject({ status: "rejected", reason: gone });
    for (const one of [box, ...forks]) {
      expect(one.ended()).toMatch(/^it trapped: the worker was lost/);
      await expect(one.fork()).rejects.toMatchObject({ code: "E_DISPOSED" });
      await expect(one.snapshot()).rejects.toMatchObject({ code: "E_DISPOSED" });
    }
    // What was saved goes on in the next worker.
    const back = await pool.createSandbox({ grant: { knock: () => 1 }, from });
    expect(await back.run("6 * 7")).toMatchObject({ value: 42 });
    back.dispose();
    for (const one of [box, ...forks]) one.dispose();
    await expect.poll(() => pool.meter().usage()).toMatchObject({ memory: 0, domains: 0, inFlight: 0 });
    expect(pool.stats()).toMatchObject({ tenants: [{ sandboxes: 0 }], workers: [{ sandboxes: 0, running: 0 }] });
    await pool.dispose();
  });

  test("at random moments while copies are made ends each of them in one way, and leaves nothing behind", async () => {
    const { pool, hired } = await watchedPool({ isolation, workers: 1 });
    const random = dice();
    for (let round = 0; round < (DEEP ? 60 : 4); round++) {
      const box = await pool.createSandbox();
      const asked: Promise<unknown>[] = [box.fork(), box.snapshot(), box.fork(), box.hibernate(), box.fork()];
      const told = Promise.allSettled(asked);
      await sleep(random() * 12);
      await hired.splice(0)[0]?.dismiss();
      for (const one of await told)
        if (one.status === "rejected")
          expect(one.reason).toMatchObject({ code: expect.stringMatching(/^E_(DISPOSED|ENGINE)$/) });
      expect(box.ended()).toMatch(/the worker was lost/);
    }
    await expect.poll(() => pool.meter().usage()).toMatchObject({ memory: 0, domains: 0 });
    expect(await pool.run({ source: "1" })).toMatchObject({ value: 1 });
    await pool.dispose();
  }, 600_000);

  const kills = DEEP ? 200 : 6;
  test(
    `at ${kills} random moments loses no job and tells of none twice`,
    async () => {
      const { pool, hired } = await watchedPool({ isolation, workers: 2, concurrency: 4 });
      const random = dice();
      const told = new Map<number, number>();
      const results: Result[] = [];
      let [next, isOver] = [0, false];
      const worker = async (): Promise<void> => {
        while (!isOver) {
          const id = next++;
          const source = `const a = await twice(${id}); let n = 0; for (let i = 0; i < ${Math.floor(random() * 2e5)}; i++) n++; a`;
          const grant = { twice: async (n: number) => n * 2 };
          const result = await pool.run({ source, grant });
          told.set(id, (told.get(id) ?? 0) + 1);
          results.push(result);
          if (result.status === "returned") expect(result.value).toBe(id * 2);
          else expect(result).toMatchObject({ status: "trapped", reason: LOST });
        }
      };
      const workers = Array.from({ length: 6 }, worker);
      let lost = 0;
      pool.on(({ kind }) => {
        if (kind === "lost") lost++;
      });
      while (lost < kills) {
        // Something runs, mostly; at times another one is just starting.
        while (!pool.stats().workers.some(({ state }) => state === "ready")) await sleep(5);
        await sleep(random() * 80);
        // Whoever was killed before is not killed again.
        const victim = hired.splice(Math.floor(random() * hired.length), 1)[0];
        await victim?.dismiss();
      }
      isOver = true;
      await Promise.all(workers);
      expect([...told.values()].every((times) => times === 1)).toBe(true);
      expect(told.size).toBe(next);
      expect(results.length).toBe(next);
      const statuses = new Set(results.map(({ status }) => status));
      expect([...statuses].sort()).toEqual(["returned", "trapped"]);
      expect(pool.bill().jobs).toBe(next);
      await pool.drain();
      await pool.dispose();
      expect(pool.stats()).toMatchObject({ queued: 0, running: 0 });
    },
    DEEP ? 600_000 : 60_000,
  );
});

describe("workers", () => {
  test("that cannot be started are tried again, slower and slower; then jobs are told why", async () => {
    const times: number[] = [];
    const cordon = createCordon({
      ...nodePowers,
      hiring: async () => ({
        parallel: 2,
        async hire() {
          times.push(performance.now());
          throw new Error("no threads here");
        },
      }),
    });
    const pool = await cordon.createPool({ isolation: "worker", workers: 1 });
    const why = { code: "E_ENGINE", message: expect.stringContaining("no threads here") };
    await Promise.all([
      expect(pool.run({ source: "1" })).rejects.toMatchObject(why),
      expect(pool.createSandbox()).rejects.toMatchObject(why),
    ]);
    await expect(pool.run({ source: "1" })).rejects.toMatchObject(why);
    const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
    expect(gaps.length).toBeGreaterThanOrEqual(3);
    expect(gaps.every((gap, at) => gap >= 0.9 * 100 * 2 ** at)).toBe(true);
    await pool.dispose();
  });

  test("are told why they were lost, if it is known", async () => {
    let end = (): void => undefined;
    const cordon = createCordon({
      ...nodePowers,
      hiring: async () => ({
        parallel: 1,
        async hire() {
          const [ours, theirs] = channels();
          farOf(theirs);
          end = () => theirs.close();
          return {
            channel: ours,
            why: () => "out of memory",
            isFaulty: () => false,
            dismiss: async () => ours.close(),
          };
        },
      }),
    });
    const pool = await cordon.createPool({ isolation: "process" });
    const running = pool.run({ source: "for (;;);" });
    await expect.poll(() => pool.stats().running).toBe(1);
    end();
    expect(await running).toMatchObject({ status: "trapped", reason: "the worker was lost: out of memory" });
    await pool.dispose();
  });

  test("lost while a sandbox is made, it is made in another one", async () => {
    let hired = 0;
    const pool = await poolOver((channel) => {
      if (hired++ > 0) return farOf(channel);
      // The first one is ready and says nothing more, until it is gone.
      farOf({
        ...channel,
        listen: (_onFrame, onClose) => channel.listen(() => setTimeout(channel.close, 20), onClose),
      });
    });
    await using box = await pool.createSandbox();
    expect(await box.run("1")).toMatchObject({ status: "returned", value: 1 });
    expect(hired).toBe(2);
    await pool.dispose();
  });

  test("that do not answer when they should are lost", async () => {
    const pool = await poolOver((channel) => {
      farOf({ ...channel, listen: (_onFrame, onClose) => channel.listen(() => undefined, onClose) });
    });
    const stop = new AbortController();
    const running = pool.run({ source: "1", signal: stop.signal });
    await expect.poll(() => pool.stats().running).toBe(1);
    stop.abort();
    expect(await running).toMatchObject({ status: "trapped", reason: "the worker was lost: it did not answer" });
    await pool.dispose();
  }, 20_000);
});
