// Trials of many sandboxes: one after the other, at once, more than there is room for, and forks.
import { gave, type Trial } from "./api.ts";

const MANY_TIMES = 1_000;

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
  // A page has address space for some 120 memories of V8.
  "more than there is room for are refused with a word, and once there is room they are made again": {
    run: async ({ cordon }) => {
      const boxes: { dispose(): void }[] = [];
      let code: string | undefined;
      while (code === undefined && boxes.length < MANY_TIMES) {
        await cordon.createSandbox().then(
          (box) => boxes.push(box),
          (error: { code: string }) => {
            code = error.code;
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
