// Trials of many sandboxes: one after the other, at once, more than there is room for, and forks.
import { gave, type Trial } from "./api.ts";

const MANY_TIMES = 1_000;

const TEMPLATE = "globalThis.count = 41; globalThis.next = () => ++count; globalThis.said = () => tell(count)";

export const MANY: Readonly<Record<string, Trial>> = {
  "a thousand sandboxes run one after the other": {
    run: async ({ cordon }) => {
      let sum = 0;
      for (let i = 0; i < MANY_TIMES; i++) {
        await using box = await cordon.createSandbox();
        sum += gave(
          await box.run("typeof seen === 'undefined' ? (globalThis.seen = i) : 'seen'", { inputs: { i } }),
        ) as number;
      }
      return sum;
    },
    gives: (MANY_TIMES * (MANY_TIMES - 1)) / 2,
    suspends: true, // no, but one of the two is enough
  },
  "sixty sandboxes live at once, each with a state of its own": {
    run: async ({ cordon }) => {
      const boxes = await Promise.all(Array.from({ length: 60 }, () => cordon.createSandbox()));
      await Promise.all(boxes.map((box, i) => box.run("globalThis.mine = [i]", { inputs: { i } })));
      const told = await Promise.all(boxes.map(async (box) => gave(await box.run("mine.push(1); mine.join()"))));
      for (const box of boxes) box.dispose();
      return told.every((each, i) => each === `${i},1`);
    },
    gives: true,
  },
  "a thousand forks of a template, one after the other, each begin where it began": {
    run: async ({ cordon }) => {
      const template = await cordon.createTemplate({ source: TEMPLATE, grant: { tell: (n: number) => n + 1 } });
      const seen = new Set<string>();
      for (let i = 0; i < MANY_TIMES; i++) {
        using twin = await template.fork();
        seen.add([gave(await twin.call("next")), gave(await twin.call("next")), gave(await twin.call("said"))].join());
      }
      return [...seen];
    },
    gives: ["42,43,44"],
  },
  "a fork of a sandbox is equal to it, independent of it, and has chances of its own": {
    run: async ({ cordon }) => {
      using box = await cordon.createSandbox({ grant: { tell: (n: number) => n + 1 } });
      await box.run(TEMPLATE);
      await box.call("next");
      using twin = await box.fork();
      const first = [gave(await twin.call("next")), gave(await twin.call("next")), gave(await box.call("next"))];
      box.dispose();
      using other = await twin.fork();
      const chance = "Array.from({ length: 4 }, Math.random).join()";
      return [...first, gave(await twin.call("said")), gave(await twin.run(chance)) !== gave(await other.run(chance))];
    },
    gives: [43, 44, 43, 45, true],
  },
  "a snapshot is bytes, from which a sandbox goes on with what it is granted": {
    run: async ({ cordon }) => {
      const grant = { tell: (n: number) => n + 1 };
      using box = await cordon.createSandbox({ grant });
      await box.run(TEMPLATE);
      const from = await box.snapshot();
      using twin = await cordon.createSandbox({ from, grant: { tell: (n: number) => n + 2 } });
      await box.call("next");
      return [gave(await twin.call("next")), gave(await twin.call("said")), gave(await box.call("said"))];
    },
    gives: [42, 44, 43],
  },
  "a sandbox that sleeps wakes as it was": {
    run: async ({ cordon }) => {
      using box = await cordon.createSandbox({ grant: { tell: (n: number) => n + 1 } });
      await box.run(TEMPLATE);
      await box.hibernate();
      const next = gave(await box.call("next"));
      await box.hibernate();
      return [next, gave(await box.call("said"))];
    },
    gives: [42, 43],
  },
  "a thousand forks live at once, in segments of a few memories, each with a state of its own": {
    run: async ({ cordon }) => {
      const options = { source: "globalThis.mine = []", confinement: "arena", limits: { memory: "2 MiB" } } as const;
      const template = await cordon.createTemplate(options);
      const forks = await Promise.all(Array.from({ length: MANY_TIMES }, () => template.fork()));
      await Promise.all(forks.map((fork, i) => fork.run("mine.push(i)", { inputs: { i } })));
      const told = await Promise.all(forks.map(async (fork) => gave(await fork.run("mine.join()"))));
      for (const fork of forks) fork.dispose();
      return told.filter((each, i) => each !== String(i));
    },
    gives: [],
    suspends: true, // no, but one of the two is enough
  },
  // A page has address space for some 120 memories of V8.
  "more than there is room for are refused with a word, and once there is room they are made again": {
    run: async ({ cordon }) => {
      const boxes: { dispose(): void }[] = [];
      let code: string | undefined;
      while (code === undefined && boxes.length < MANY_TIMES) {
        await cordon.createSandbox().then(
          (box) => boxes.push(box),
          (error: unknown) => {
            code = (error as { code?: string }).code ?? String(error);
          },
        );
      }
      const enough = boxes.length >= 60;
      for (const box of boxes) box.dispose();
      return [enough, boxes.length === MANY_TIMES ? "E_ENGINE" : code, gave(await cordon.run({ source: "6 * 7" }))];
    },
    gives: [true, "E_ENGINE", 42],
  },
};
