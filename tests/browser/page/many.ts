// Trials of many sandboxes: one after the other, at once, more than there is room for, and forks.
import { type Api, gave, type Trial } from "./api.ts";

const MANY_TIMES = 1_000;

type Sandbox = Awaited<ReturnType<Api["cordon"]["createSandbox"]>>;
interface Forks extends Disposable {
  fork(options?: object): Promise<Sandbox & Forks>;
}
/** The part of the package that forks, as it is named there. */
interface Forking {
  createTemplate(options: object): Promise<Forks>;
}
const forking = ({ cordon }: Api): Forking => cordon as unknown as Forking;

const noForks = async ({ cordon }: Api): Promise<string | undefined> =>
  "createTemplate" in cordon ? undefined : "this package has no createTemplate: forks are not tried";

async function noSegments(api: Api): Promise<string | undefined> {
  const options: object = { confinement: "segment" };
  const tried = (box: Sandbox): void => box.dispose();
  const refused = await api.cordon.createSandbox(options).then(tried, (error: { code?: string }) => error.code);
  const why = "this package has no segment mode: a thousand forks at once are not tried";
  return refused === "E_OPTION" ? why : noForks(api);
}

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
    missing: noForks,
    run: async (api) => {
      using template = await forking(api).createTemplate({ source: TEMPLATE, grant: { tell: (n: number) => n + 1 } });
      const seen = new Set<string>();
      for (let i = 0; i < MANY_TIMES; i++) {
        using twin = await template.fork();
        seen.add([gave(await twin.call("next")), gave(await twin.call("next")), gave(await twin.call("said"))].join());
      }
      return [...seen];
    },
    gives: ["42,43,44"],
  },
  "a fork of a sandbox is equal to it, and independent of it": {
    missing: noForks,
    run: async ({ cordon }) => {
      using box = (await cordon.createSandbox({ grant: { tell: (n: number) => n + 1 } })) as Sandbox & Forks;
      await box.run(TEMPLATE);
      await box.call("next");
      using twin = await box.fork();
      const first = [gave(await twin.call("next")), gave(await twin.call("next")), gave(await box.call("next"))];
      box.dispose();
      const chance = "[Math.random(), crypto.randomUUID?.()].join()";
      using other = await twin.fork();
      return [...first, gave(await twin.call("said")), gave(await twin.run(chance)) !== gave(await other.run(chance))];
    },
    gives: [43, 44, 43, 45, true],
  },
  "a thousand forks live at once, in segments of a few memories, each with a state of its own": {
    missing: noSegments,
    run: async (api) => {
      using template = await forking(api).createTemplate({
        source: "globalThis.mine = []",
        confinement: "segment",
        limits: { memory: "2 MiB" },
      });
      const forks = await Promise.all(Array.from({ length: MANY_TIMES }, () => template.fork()));
      await Promise.all(forks.map((fork, i) => fork.run("mine.push(i)", { inputs: { i } })));
      const told = await Promise.all(forks.map(async (fork) => gave(await fork.run("mine.join()"))));
      for (const fork of forks) fork.dispose();
      return told.filter((each, i) => each !== String(i));
    },
    gives: [],
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
