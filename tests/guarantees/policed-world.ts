// Guests under a policy, in a world that writes down what is really performed: nested calls, completions in any order,
// children, layers, handles that go back and forth, revocation, and ends in the middle.
import type { RunRequest } from "../../embed/api.ts";
import type { Contract } from "../../kernel/index.ts";
import {
  arg,
  bytes,
  capability,
  contract,
  type Granted,
  handle,
  integer,
  nothing,
  type PolicyEvent,
  policy,
  type Question,
  revocable,
  string,
} from "../../policy-libs/index.ts";
import type { Decided } from "../../policy-libs/policy/enforce/types.ts";
import { cordon } from "../embed/cordon.ts";
import type { Plot, Step } from "./policed-texts.ts";

const words = { allows: "what its calls say", never: "anything else" };
const integerArg = arg("n", integer());

export const SOCKET = contract({
  name: "socket",
  ...words,
  calls: {
    write: {
      takes: [arg("name", string()), integerArg],
      gives: integer(),
      refuses: ["E_NONE"],
      about: "",
      mode: "sync",
    },
    close: { takes: [], gives: nothing(), refuses: ["E_NONE"], about: "" },
  },
});
export const NET = contract({
  name: "net",
  ...words,
  calls: {
    send: {
      takes: [arg("host", string({ is: "host" })), integerArg],
      gives: integer(),
      refuses: ["E_NONE"],
      about: "",
      mode: "sync",
    },
    open: { takes: [arg("host", string({ is: "host" }))], gives: handle(SOCKET), refuses: ["E_NONE"], about: "" },
  },
});
export const FILES = contract({
  name: "files",
  ...words,
  calls: {
    read: { takes: [arg("path", string({ is: "path" }))], gives: string(), refuses: ["E_NONE"], about: "" },
    write: {
      takes: [arg("path", string({ is: "path" })), arg("body", bytes())],
      gives: nothing(),
      refuses: ["E_NONE"],
      about: "",
      mode: "sync",
    },
  },
});
export const BOX = contract({
  name: "box",
  ...words,
  calls: {
    keep: { takes: [arg("socket", handle(SOCKET))], gives: nothing(), refuses: ["E_NONE"], about: "" },
    give: { takes: [], gives: handle(SOCKET), refuses: ["E_NONE"], about: "" },
    poke: { takes: [arg("socket", handle(SOCKET)), integerArg], gives: integer(), refuses: ["E_NONE"], about: "" },
  },
});

/**
 * What one guest does at most. Sockets that write to each other go round without end, and the reference semantics look
 * at the whole history for every event of it.
 */
const MOST_STEPS = 60;

/** Guests read their program from `steps`; what each thing came to goes into `said`. */
const GUEST = `
  const sockets = [], left = [], said = [];
  let done = 0;
  const told = (v) => v === undefined || v === null ? "-" : typeof v === "object" ? "handle" : String(v);
  const make = (a) => typeof a === "object" && a !== null && "bytes" in a ? new Uint8Array(a.bytes) : a;
  const grants = { net: typeof net === "undefined" ? undefined : net, files: typeof files === "undefined" ? undefined : files,
    box: typeof box === "undefined" ? undefined : box };
  const socketAt = (which) => sockets.length === 0 ? undefined : sockets[which % sockets.length];
  async function attempt(step, act) {
    const place = said.push("?") - 1;
    const over = (async () => act())().then(
      (v) => { if (v !== null && typeof v === "object") sockets.push(v); said[place] = told(v); },
      (e) => { said[place] = e.code ?? e.name; });
    if (step.waits || isOrderly) await over; else left.push(over);
  }
  async function perform(steps) {
    for (const step of steps) {
      if (++done > ${MOST_STEPS}) return;
      if (step.do === "call") {
        const [group, name] = step.call.split(".");
        if (grants[group] !== undefined) await attempt(step, () => grants[group][name](...step.args.map(make)));
      } else if (step.do === "socket") {
        const it = socketAt(step.which);
        if (it !== undefined) await attempt(step, () => it[step.call](...step.args));
      } else if (step.do === "keep" || step.do === "poke") {
        const it = socketAt(step.which);
        if (it !== undefined && grants.box) await attempt(step, () => step.do === "keep" ? box.keep(it) : box.poke(it, step.n));
      } else if (step.do === "offer") {
        const mine = { async write(name, n) { await perform(step.steps); return n; }, async close() {} };
        if (grants.box) await attempt(step, () => box.poke(mine, step.n));
        if (grants.box) await attempt(step, () => box.keep(mine));
      } else if (step.do === "child" && typeof domains !== "undefined") {
        await attempt(step, async () => {
          const child = await domains.create({ give: [...step.give, "ctl"] });
          const ended = await child.run(guest, { guest, steps: step.steps, isOrderly });
          return ended.status === "returned" ? JSON.stringify(ended.value) : ended.status;
        });
      } else if (step.do === "sleep") await new Promise((resolve) => setTimeout(resolve, step.ms));
      else if (step.do === "settle") ctl.settle(step.which);
      else if (step.do === "revoke") ctl.revoke();
      else if (step.do === "stop") ctl.stop();
    }
  }
  await perform(steps);
  for (let i = 0; i < 50 && left.length > 0; i++) { ctl.settle(0); await new Promise((resolve) => setTimeout(resolve, 1)); }
  ctl.settleAll();
  await Promise.all(left);
  return said;`;

/** One call as the host got it. */
export interface Performed {
  readonly call: string;
  readonly args: readonly unknown[];
}

export interface Happened {
  readonly performed: readonly Performed[];
  readonly past: readonly PolicyEvent[];
  /** Questions that were answered with yes. */
  readonly approved: readonly Question[];
  readonly decided: readonly Decided[];
  /** What each guest was told of its calls. */
  readonly results: readonly unknown[];
}

type Socket = Granted & { readonly functions: Record<"write" | "close", (...args: never[]) => unknown> };

const LATEST = 4; // ms

function newWorld(isQuickest: boolean) {
  const performed: Performed[] = [];
  const waiting: (() => void)[] = [];
  const kept: Granted[] = [];
  let [count, isQuick] = [0, isQuickest];
  const note = (call: string, ...args: readonly unknown[]): void => void performed.push({ call, args });
  /** The same socket now and then: what is given out twice is one capability. */
  const someSocket = (): Socket => (count % 2 === 1 ? shared : newSocket());
  /** Every third call is completed later: when somebody says so, or nobody does. */
  const later = async <T>(value: T): Promise<T> => {
    const turn = ++count;
    if (!isQuick && turn % 3 === 0) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        setTimeout(resolve, LATEST);
      });
    }
    if (turn % 7 === 0) throw Object.assign(new Error("failed"), { code: "E_NONE" });
    return value;
  };
  const settle = (which: number): void => waiting.splice(waiting.length === 0 ? 0 : which % waiting.length, 1)[0]?.();
  const newSocket = (): Socket =>
    capability(SOCKET, {
      write(name, n) {
        note("socket.write", name, n);
        return n;
      },
      close: async () => void note("socket.close"),
    }) as unknown as Socket;
  const shared = newSocket();
  const net = capability(NET, {
    send(host, n) {
      note("net.send", host, n);
      return n;
    },
    async open(host) {
      note("net.open", host);
      return later(someSocket()) as never;
    },
  });
  const files = capability(FILES, {
    async read(path) {
      note("files.read", path);
      return later(`text of ${path}`);
    },
    write: (path, body) => void note("files.write", path, body),
  });
  const box = capability(BOX, {
    keep: async (socket) => {
      note("box.keep", socket);
      kept.push(socket as never);
    },
    async give() {
      note("box.give");
      return (kept[count++ % Math.max(kept.length, 1)] ?? newSocket()) as never;
    },
    // Calls back, into whatever it got.
    poke: async (socket, n) => {
      note("box.poke", socket, n);
      return later((await (socket as unknown as Socket).functions.write("p" as never, n as never)) as number);
    },
  });
  const settleAll = (): void => {
    isQuick = true;
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { performed, net, files, box, settle, settleAll };
}
type World = ReturnType<typeof newWorld>;

/** A layer that passes everything on. It serves all runs. */
let below: World | undefined;
const passing = (): World => below as World;
const LAYER = "({ net: { send: (h, n) => net.send(h, n), open: (h) => net.open(h) } })";
let layered: Promise<Awaited<ReturnType<typeof cordon.layer>>> | undefined;
function layerOver(): NonNullable<typeof layered> {
  const lower = capability(NET, {
    send: (host, n) => passing().net.functions.send(host, n),
    open: (host) => passing().net.functions.open(host),
  });
  layered ??= cordon.layer({ name: "through", source: LAYER, grant: { net: lower }, offers: { net: NET } });
  return layered;
}

export const CONTRACTS = new Map<string, Contract>([
  ["net", NET],
  ["files", FILES],
  ["box", BOX],
]);

export interface PlayOptions {
  /** Nobody listens: the kernel's table decides what it can. */
  readonly isQuiet?: boolean;
  /** Every call is completed at once and waited for: so two runs are the same. */
  readonly isQuick?: boolean;
  /** Without any policy. */
  readonly isFree?: boolean;
}

async function playOne(
  world: World,
  isOrderly: boolean,
  steps: readonly Step[],
  rest: Partial<RunRequest>,
  net: Granted,
): Promise<unknown> {
  const stop = new AbortController();
  const { granted: files, revoke } = revocable(world.files);
  const ctl = { settle: world.settle, settleAll: world.settleAll, revoke, stop: () => stop.abort() };
  const grants = { net, files, box: world.box, ctl };
  const result = await cordon.run({
    source: GUEST,
    inputs: { steps, guest: GUEST, isOrderly },
    grant: { ...grants, domains: cordon.domains({ allow: grants, most: 20 }) } as never,
    virtual: { start: 1_000 },
    limits: { wall: 1_000 }, // some wait for themselves
    signal: stop.signal,
    ...rest,
  });
  world.settleAll();
  return result.status === "returned" ? result.value : result.status;
}

/** Plays a plot to its end, and a little longer: what comes late is seen as well. */
export async function play(
  { text, programs, answers, isLayered }: Plot,
  { isQuiet, isQuick = false, isFree }: PlayOptions = {},
): Promise<Happened> {
  const world = newWorld(isQuick);
  const [past, approved, decided]: [PolicyEvent[], Question[], Decided[]] = [[], [], []];
  let asked = 0;
  const heard = {
    onHappened: (event: PolicyEvent) => past.push(event),
    onDecided: (one: Decided) => decided.push(one),
  };
  const under = policy.text(text, {
    approve: async (question: Question) => {
      const isYes = answers[asked++ % answers.length] as boolean;
      if (isYes) approved.push({ ...question, arguments: [...question.arguments] });
      // People take their time: meanwhile other things happen.
      if (asked % 2 === 0) await new Promise((resolve) => setTimeout(resolve, LATEST));
      return isYes;
    },
    ...(isQuiet === true ? {} : heard),
  } as never);
  below = world;
  const net = isLayered ? ((await layerOver()).grant["net"] as Granted) : world.net;
  const results = await Promise.all(
    programs.map((steps) => playOne(world, isQuick, steps, isFree === true ? {} : { policy: under }, net)),
  );
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  return { performed: world.performed, past, approved, decided, results };
}
