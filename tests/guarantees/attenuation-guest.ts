// A guest that makes whatever calls it can, and the judge of what came of them.
import fc from "fast-check";
import { COMMON_REFUSALS, type Granted, isGranted } from "../../policy-libs/index.ts";
import {
  BOX,
  CELL,
  type Effect,
  functionsOf,
  type ManualClock,
  manualClock,
  newListener,
  newWorld,
  settled,
} from "../contracts/attenuate-world.ts";
import {
  type Building,
  CONTENTS,
  type Layer,
  MASK,
  type Passing,
  type Place,
  type Spec,
} from "./attenuation-layers.ts";

export type Step =
  | {
      readonly kind: "call";
      readonly thing: number;
      readonly call: number;
      readonly path: string;
      readonly text: string;
    }
  | { readonly kind: "tick"; readonly ms: number }
  | { readonly kind: "tell"; readonly path: string }
  | { readonly kind: "finish" | "settle" | "owner" };

const PATHS = fc.constantFrom("a", "b", "a/x", "missing");
const TEXTS = fc.constantFrom("x", "SECRET and more", "y".repeat(70), "");

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant("call"), thing: fc.nat(5), call: fc.nat(7), path: PATHS, text: TEXTS }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("tick"), ms: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("tell"), path: fc.constantFrom("a", "b") }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("finish", "settle", "settle", "owner") }) },
) as fc.Arbitrary<Step>;

/** Something the guest holds: the box, or a cell with the paths that it may be of. */
interface Held {
  readonly granted: Granted;
  readonly paths: readonly string[] | undefined;
}

interface Made {
  readonly call: string;
  /** One for each path that the cell may be of; one for a call of the box. */
  readonly passings: readonly Passing[];
  readonly order: number;
  answer?: { readonly gave: unknown } | { readonly threw: unknown };
}

interface Run {
  readonly places: readonly Place[];
  readonly made: readonly Made[];
}

/** What a call may be when it has passed the layers; nothing if one of them does not permit it. */
function below(layers: readonly Layer[], passing: Passing): readonly Passing[] {
  const [first, ...rest] = layers;
  if (first === undefined) return [passing];
  if (first.permits?.(passing) === false) return [];
  return (first.becomes?.(passing) ?? [passing]).flatMap((next) => below(rest, next));
}

interface Stack {
  readonly granted: Granted;
  readonly building: Building;
  readonly places: readonly Place[];
}

/** The first spec is the outermost. */
function build(specs: readonly Spec[], clock: ManualClock): Stack {
  let order = 0;
  const stamp = () => ({ time: clock.now(), order: order++ });
  const building: Building = { clock, stamp, others: [], owner: [] };
  const world = newWorld(CONTENTS, stamp);
  const layers: Layer[] = [];
  let { granted } = world;
  for (const [at, spec] of [...specs.entries()].reverse()) {
    const built = spec.build(granted, building, at);
    granted = built.granted;
    layers.unshift(built.layer);
  }
  const others = building.others.map((other) => ({
    world: other.world,
    layers: [...layers.slice(0, other.at), other.layer],
  }));
  return { granted, building, places: [{ world, layers }, ...others] };
}

/** Paths that a handle may be of which this call gives. */
function pathsGiven(places: readonly Place[], { of, call }: Passing, passings: readonly Passing[]): readonly string[] {
  const all = places.flatMap(({ layers }) => passings.flatMap((passing) => below(layers, passing)));
  return of === "cell" && call === "below"
    ? all.map(({ args }) => args.join("/"))
    : all.map(({ args }) => String(args[0]));
}

function argsOf(
  call: string,
  { path, text, thing }: Extract<Step, { kind: "call" }>,
  held: readonly Held[],
): unknown[] {
  const cells = held.filter(({ paths }) => paths !== undefined);
  if (call === "write") return [path, text];
  if (call === "set") return [text];
  if (call === "below") return ["x"];
  if (call === "count") return [thing];
  if (call === "isMine") return [cells[thing % Math.max(cells.length, 1)]?.granted ?? text];
  return call === "read" || call === "open" || call === "slow" ? [path] : [];
}

/** Cells in a value, with the path that stands beside each in a list. */
function cellsIn(value: unknown, paths: readonly string[]): Held[] {
  if (isGranted(value)) return value.contract === CELL ? [{ granted: value, paths }] : [];
  if (!Array.isArray(value)) return [];
  return (value as { path?: string; cell?: Granted }[]).flatMap(({ path, cell }) =>
    path !== undefined && isGranted(cell) ? [{ granted: cell, paths: [path] }] : [],
  );
}

export async function runGuest(specs: readonly Spec[], steps: readonly Step[]): Promise<Run> {
  const clock = manualClock();
  const { granted, building, places } = build(specs, clock);
  const held: Held[] = [{ granted, paths: undefined }];
  const made: Made[] = [];

  function call(step: Extract<Step, { kind: "call" }>): void {
    const { granted: thing, paths } = held.at(-1 - (step.thing % held.length)) as Held;
    const name = thing.contract.calls[step.call % thing.contract.calls.length]!.name;
    const args = argsOf(name, step, held);
    if (name === "watch") args.push(listen());
    const of = paths === undefined ? "box" : "cell";
    const shown = ["watch", "isMine"].includes(name) ? [] : args;
    const passings = (paths ?? [undefined]).map(
      (path): Passing => ({ of, call: name, args: path === undefined ? shown : [path, ...shown], time: clock.now() }),
    );
    const entry: Made = { call: name, passings, order: building.stamp().order };
    made.push(entry);
    Promise.resolve()
      .then(() => functionsOf(thing)[name]!(...args))
      .then(
        (gave: unknown) => {
          entry.answer = { gave };
          held.push(...cellsIn(gave, pathsGiven(places, passings[0] as Passing, passings)));
        },
        (threw: unknown) => {
          entry.answer = { threw };
        },
      );
  }

  function listen(): Granted {
    const listener = newListener();
    const { told } = listener;
    told.push = (...entries) => {
      for (const [path, cell] of entries) held.push(...cellsIn(cell, [String(path)]));
      return 0;
    };
    return listener.granted;
  }

  const tell = (path: string): void => {
    for (const { world } of places) for (const answer of world.tell(path)) answer.catch(() => undefined);
  };
  const finish = (): void => {
    for (const { world } of places) world.finish();
  };
  const perform: { readonly [K in Step["kind"]]: (step: Extract<Step, { kind: K }>) => unknown } = {
    call,
    finish,
    settle: settled,
    tick: ({ ms }: { readonly ms: number }) => clock.advance(ms),
    tell: ({ path }: { readonly path: string }) => tell(path),
    owner: () => building.owner.pop()?.(),
  } as never;
  for (const step of steps) await perform[step.kind](step as never);
  for (let i = 0; i < 20; i++) {
    finish();
    await clock.advance(10);
  }
  return { places, made };
}

const masked = (text: string): string => text.replaceAll("SECRET", MASK);

/** Does a result tell nothing that the base did not give? */
function isPart(result: unknown, gave: unknown): boolean {
  if (typeof result === "string") return typeof gave === "string" && (result === gave || result === masked(gave));
  if (isGranted(result)) return isGranted(gave) && result.contract === gave.contract;
  if (Array.isArray(result)) {
    return Array.isArray(gave) && gave.length === result.length && result.every((item, i) => isPart(item, gave[i]));
  }
  if (typeof result !== "object" || result === null) return result === undefined || result === gave;
  if (typeof gave !== "object" || gave === null) return false;
  return Object.entries(result).every(([key, item]) => isPart(item, (gave as Record<string, unknown>)[key]));
}

const isExplainedBy = (effect: Effect, layers: readonly Layer[], { call, passings, order }: Made): boolean =>
  call === effect.call &&
  order < effect.order &&
  passings.some((passing) =>
    below(layers, passing).some(({ args }) => JSON.stringify(args) === JSON.stringify(effect.args)),
  );

const broken = (name: string, why: string | undefined): string[] => (why === undefined ? [] : [`${name}: ${why}`]);

function judgeEffects({ world, layers }: Place, made: readonly Made[]): string[] {
  const left = new Set(made);
  const wrong: string[] = [];
  for (const effect of world.log) {
    const cause = [...left].find((entry) => isExplainedBy(effect, layers, entry));
    if (cause === undefined) wrong.push(`nobody could have done ${effect.call} ${JSON.stringify(effect.args)}`);
    else left.delete(cause);
  }
  return wrong.concat(layers.flatMap(({ name, check }) => broken(name, check?.(world.log))));
}

const CODES = new Map(
  [BOX, CELL].flatMap(({ data }) =>
    Object.entries(data.calls).map(([name, { refuses }]): [string, readonly string[]] => [name, refuses as string[]]),
  ),
);

/** Texts in a result: alone, or in a list of records. */
const textsIn = (value: unknown): string[] =>
  [value, ...(Array.isArray(value) ? value.flatMap(Object.values) : [])].filter((item) => typeof item === "string");

function judgeAnswer({ places }: Run, made: Made): string[] {
  const { call, answer } = made;
  if (answer === undefined) return [];
  if ("threw" in answer) {
    const code = String((answer.threw as { code?: unknown }).code);
    return [...COMMON_REFUSALS, ...(CODES.get(call) ?? [])].includes(code) ? [] : [`${call} threw ${answer.threw}`];
  }
  const isFine = places.some(({ world, layers }) => {
    const isHidden = textsIn(answer.gave).some((text) => layers.some(({ hides }) => hides?.(text) === true));
    const isCause = (effect: Effect): boolean =>
      isExplainedBy(effect, layers, made) && isPart(answer.gave, effect.gave);
    return !isHidden && world.log.some(isCause);
  });
  return isFine ? [] : [`${call} gave ${JSON.stringify(answer.gave)}, which the base did not`];
}

/** What is wrong with a run: nothing, if every layer only narrowed. */
export const judge = (run: Run): string[] => [
  ...run.places.flatMap((place) => judgeEffects(place, run.made)),
  ...run.made.flatMap((made) => judgeAnswer(run, made)),
];
