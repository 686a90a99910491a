// Trials of what bounds a guest, and of the page that goes on meanwhile.
import { type Api, gave, sleep, statusOf, type Trial } from "./api.ts";

const ended = async ({ cordon }: Api, source: string, limits: object): Promise<string> =>
  statusOf(await cordon.run({ source, limits }));

/** Longer is no busy machine: somebody holds the thread. */
const PATIENCE = 10_000; // milliseconds
const LATE = 1_000; // milliseconds

/** Looks from a timer of the page until there is enough: how often it could, and the longest time between two looks. */
async function watch(isEnough: (ticks: number) => boolean): Promise<{ ticks: number; longest: number }> {
  const start = performance.now();
  let [ticks, longest, before] = [0, 0, start];
  while (!isEnough(ticks) && before - start < PATIENCE) {
    await sleep(1);
    const now = performance.now();
    longest = Math.max(longest, now - before);
    [before, ticks] = [now, ticks + 1];
  }
  return { ticks, longest };
}

const SPIN = "for (;;) { hit(); for (let i = 0; i < 500; i++); }";
const ENDLESS = { calls: 1e9, bytes: "1 TiB", fuel: 1e12, wall: 60_000 };

/** Guests that run until all are aborted: how often each has called, and what the page could do meanwhile. */
async function race(
  { cordon }: Api,
  sources: readonly string[],
  isEnough: (counts: readonly number[], ticks: number) => boolean,
) {
  const counts = sources.map(() => 0);
  const controller = new AbortController();
  const runs = sources.map((source, i) => {
    const hit = (): void => {
      counts[i] = (counts[i] as number) + 1;
    };
    return cordon.run({ source, grant: { hit }, signal: controller.signal, limits: ENDLESS });
  });
  const { longest } = await watch((ticks) => isEnough(counts, ticks));
  const isDone = isEnough(counts, Number.POSITIVE_INFINITY);
  const seen = [...counts];
  controller.abort();
  const statuses = new Set((await Promise.all(runs)).map(({ status }) => status));
  return { counts: seen, isDone, isLate: longest > LATE, statuses: [...statuses] };
}

const ABORTED = [
  ...["for (;;);", "for (;;) try { for (;;); } catch {} finally { for (;;); }", "for (;;) await undefined;"],
  ...["await new Promise(() => setInterval(() => {}, 0))", "/(a+)+b/.test('a'.repeat(40))", "await never()"],
];

export const LIMITS: Readonly<Record<string, Trial>> = {
  "each limit ends what exceeds it": {
    run: async (api) => [
      await ended(api, "for (;;);", { fuel: 1e7 }),
      await ended(api, "try { for (;;); } finally { for (;;); }", { wall: 50 }),
      await ended(api, "await new Promise(() => {})", { wall: 50 }),
      await ended(api, "'x'.repeat(1e6)", { result: 1e5 }),
      statusOf(await api.cordon.run({ source: "for (;;) f()", grant: { f: () => 1 }, limits: { calls: 100 } })),
      statusOf(
        await api.cordon.run({ source: "for (;;) f('x'.repeat(1e4))", grant: { f: () => 1 }, limits: { bytes: 1e6 } }),
      ),
    ],
    gives: [
      ...["exhausted: fuel", "exhausted: wall", "exhausted: wall", "exhausted: result"],
      ...["exhausted: calls", "exhausted: bytes"],
    ],
  },
  "memory beyond the limit is an error of the guest, and the sandbox goes on": {
    run: async ({ cordon }) => {
      await using box = await cordon.createSandbox({ limits: { memory: "16 MiB" } });
      const hoard =
        "const all = []; try { for (;;) all.push(new Uint8Array(1e6)) } catch (e) { all.length > 1 && e.name }";
      const { usage, ...first } = await box.run(`(() => { ${hoard.replace("all.length > 1 &&", "return")} })()`);
      return [gave({ ...first, usage }), usage.memory <= 2 ** 24, gave(await box.run("6 * 7"))];
    },
    gives: ["InternalError", true, 42],
  },
  "an abort ends whatever a guest does, within a moment": {
    run: async ({ cordon }) => {
      const wrong: string[] = [];
      for (const source of ABORTED) {
        const controller = new AbortController();
        const grant = { never: () => new Promise(() => undefined) };
        const running = cordon.run({ source, grant, signal: controller.signal, limits: ENDLESS });
        await sleep(15);
        const asked = performance.now();
        controller.abort();
        const { status } = await running;
        const late = performance.now() - asked;
        if (status !== "aborted" || late > LATE) wrong.push(`${source}: ${status} after ${late} ms`);
      }
      return wrong;
    },
    gives: [],
    suspends: true,
  },
  "timers of the page go on while guests spin, and the guests advance together": {
    run: async (api) => {
      await api.cordon.warmUp();
      const enough = (counts: readonly number[], ticks: number): boolean => ticks > 50 && Math.min(...counts) > 200;
      const { counts, ...told } = await race(api, [SPIN, SPIN, SPIN, SPIN], enough);
      return { ...told, isFair: Math.min(...counts) * 4 > Math.max(...counts) };
    },
    gives: { isDone: true, isLate: false, statuses: ["aborted"], isFair: true },
    suspends: true,
  },
  "frames of the page are drawn while a guest spins": {
    run: async (api) => {
      // Workers have frames of their own only for a canvas: there a timer stands in.
      const next = typeof document === "undefined" ? (draw: () => void) => setTimeout(draw, 16) : requestAnimationFrame;
      let [frames, isOver] = [0, false];
      const draw = (): void => {
        frames++;
        if (!isOver) next(draw);
      };
      next(draw);
      const { isDone, isLate } = await race(api, [SPIN], () => frames >= 20);
      isOver = true;
      return { isDone, isLate };
    },
    gives: { isDone: true, isLate: false },
    suspends: true,
  },
  "a flood of console text, timers or promises starves nobody": {
    run: async (api) => {
      const floods = [
        "for (;;) console.log('x'.repeat(1000))",
        "const again = () => { setTimeout(again); setTimeout(again) }; again(); await new Promise(() => {})",
        "for (;;) await undefined",
      ];
      const enough = (counts: readonly number[], ticks: number): boolean => ticks > 20 && (counts[3] as number) > 50;
      const { isDone, statuses } = await race(api, [...floods, SPIN], enough);
      return { isDone, statuses };
    },
    gives: { isDone: true, statuses: ["aborted"] },
    suspends: true,
  },
};
