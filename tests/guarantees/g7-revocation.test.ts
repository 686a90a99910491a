// G7: after revoke returns nothing that was derived works: no call begins, no handle works, what is in flight answers
// E_REVOKED at once. Of functions: what the kernel adds for guests has its tests with the kernel.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { membrane } from "../../policy-libs/attenuate/membrane.ts";
import { type Granted, isGranted, leased, only, quota, redact, revocable, size } from "../../policy-libs/index.ts";
import {
  CELL,
  type Functions,
  functionsOf,
  type ManualClock,
  manualClock,
  newListener,
  newWorld,
  settled,
  type World,
} from "../contracts/attenuate-world.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 20_000 : 1_500;

interface Owned {
  readonly granted: Granted;
  readonly revoke: () => unknown;
}
type Revoker = (granted: Granted, clock: ManualClock) => Owned;
type Wrap = (granted: Granted) => Granted;

/** Attenuators that wait for nothing: what is above answers as soon as what is below does. */
const WRAPS: readonly Wrap[] = [
  (granted) => granted,
  (granted) => quota(granted, { calls: 1_000, bytes: 1_000_000 }),
  (granted) => size(granted, { result: 100_000 }),
  (granted) => redact(granted, [{ text: /SECRET/ }]),
  (granted) =>
    only(
      granted,
      granted.contract.calls.map(({ name }) => name),
    ),
  (granted) => revocable(granted).granted,
];

type Step =
  | { readonly kind: "open" | "all" | "watch" | "tell" | "finish" | "turn" | "slow" | "count" }
  | { readonly kind: "get" | "set" | "below" | "peek"; readonly cell: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("open", "all", "watch", "tell", "finish", "turn", "slow", "slow", "count") }),
  fc.record({ kind: fc.constantFrom("get", "set", "below", "peek"), cell: fc.nat(9) }),
) as fc.Arbitrary<Step>;

interface Guest {
  readonly box: Functions;
  readonly cells: Granted[];
  /** Of every call, its answer once it is there. */
  readonly answers: { code?: string; gave?: unknown }[];
  readonly told: () => number;
  step(step: Step, world: World): unknown;
}

/** A guest that keeps whatever capability it sees, in results and when it is told. */
function newGuest(box: Functions): Guest {
  const [cells, answers]: [Granted[], Guest["answers"]] = [[], []];
  let told = 0;
  const keep = (value: unknown): void => {
    if (isGranted(value)) cells.push(value);
    if (Array.isArray(value)) for (const item of value) keep((item as { cell?: unknown }).cell ?? item);
  };
  function call(of: Functions, name: string, ...args: unknown[]): void {
    const answer: Guest["answers"][number] = {};
    answers.push(answer);
    new Promise((resolve) => resolve(of[name]!(...args))).then(
      (gave) => {
        answer.gave = gave ?? "nothing";
        keep(gave);
      },
      (error: { code?: string }) => {
        answer.code = error.code ?? String(error);
      },
    );
  }
  function watch(): void {
    const listener = newListener();
    listener.told.push = (...entries) => {
      told++;
      for (const entry of entries) keep(entry);
      return 0;
    };
    call(box, "watch", listener.granted);
  }
  function step(wish: Step, world: World): unknown {
    if ("cell" in wish) {
      const cell = cells[wish.cell % Math.max(cells.length, 1)];
      return cell === undefined ? undefined : call(functionsOf(cell), wish.kind, "x");
    }
    if (wish.kind === "turn") return settled();
    if (wish.kind === "finish") return world.finish();
    if (wish.kind === "tell") return world.tell("a").map((answer) => answer.catch(() => undefined));
    return wish.kind === "watch"
      ? watch()
      : call(box, wish.kind, ...(wish.kind === "all" ? [] : ["a"].slice(0, Number(wish.kind !== "count"))));
  }
  return { box, cells, answers, told: () => told, step };
}

const arbitraryCase = fc.record({
  beneath: fc.array(fc.constantFrom(...WRAPS), { maxLength: 2 }),
  above: fc.array(fc.constantFrom(...WRAPS), { maxLength: 2 }),
  before: fc.array(anyStep, { maxLength: 25, size: "max" }),
  after: fc.array(anyStep, { maxLength: 10, size: "max" }),
});

const stacked = (granted: Granted, wraps: readonly Wrap[]): Granted =>
  wraps.reduce((inner, wrap) => wrap(inner), granted);

/** What is wrong after the revocation: nothing should be. */
async function run(revoker: Revoker, { beneath, above, before, after }: Case): Promise<string[]> {
  const [world, clock] = [newWorld({ a: "alpha", b: "SECRET" }), manualClock()];
  const owned = revoker(stacked(world.granted, beneath), clock);
  const guest = newGuest(functionsOf(stacked(owned.granted, above)));
  for (const step of before) await guest.step(step, world);
  const ending = owned.revoke();
  // Only a lease ends by itself; a revocation is over when it returns, and what is tried in that moment fails.
  if (ending instanceof Promise) await ending;
  const done = world.log.length;
  const told = guest.told();
  const handles = [...guest.cells];
  for (const cell of handles) answerOf(() => functionsOf(cell)["peek"]!());
  answerOf(() => guest.box["count"]!());
  await settled();
  const wrong: string[] = [];
  const pending = guest.answers.filter(({ code, gave }) => code === undefined && gave === undefined).length;
  if (pending > 0) wrong.push(`${pending} calls still wait`);
  const known = guest.answers.length;
  for (const step of after) await guest.step(step, world);
  // All of what the guest holds, and what it got between the revocation and now.
  for (const cell of new Set([...handles, ...guest.cells]))
    for (const name of ["get", "set", "below", "peek"]) {
      const got = await answerOf(() => functionsOf(cell)[name]!("x"));
      if (!ENDED.includes(String(got))) wrong.push(`a handle's ${name} answered ${String(got)}`);
    }
  while (world.pending() > 0) world.finish();
  await settled();
  for (const { code } of guest.answers.slice(known))
    if (!ENDED.includes(String(code))) wrong.push(`a call answered ${code ?? "with a result"}`);
  if (world.log.length > done) wrong.push(`${world.log.length - done} effects came later`);
  if (guest.told() > told) wrong.push("a listener was told later");
  return wrong;
}

type Case = typeof arbitraryCase extends fc.Arbitrary<infer C> ? C : never;
const ENDED = ["E_REVOKED", "E_EXPIRED"];

async function answerOf(call: () => unknown): Promise<unknown> {
  try {
    return `a result: ${String(await call())}`;
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}

const property = (revoker: Revoker) =>
  fc.asyncProperty(arbitraryCase, async (given) => {
    expect(await run(revoker, given)).toEqual([]);
  });

const byLease: Revoker = (granted, clock) => ({
  granted: leased(granted, 100, clock).granted,
  // The timer is due; it fires before anything else runs.
  revoke: () => clock.advance(100),
});

const twice: Revoker = (granted) => {
  const inner = revocable(granted);
  return { granted: revocable(inner.granted).granted, revoke: inner.revoke };
};

describe("G7 revocation", () => {
  test.each([
    ["revoke() returns", revocable],
    ["revoke() of an inner caretaker returns", twice],
    ["a lease has ended", byLease],
  ] as const)(
    "after %s no derived handle works, nothing begins, and what was in flight has answered",
    async (_, revoker) => {
      await fc.assert(property(revoker), { numRuns });
    },
    300_000,
  );
});

const refuse = (): never => {
  throw Object.assign(new Error("revoked"), { code: "E_REVOKED" });
};

const atTheDoor = (granted: Granted, isOver: () => boolean): Granted => {
  const functions = Object.entries(functionsOf(granted)).map(([name, fn]) => [
    name,
    (...args: unknown[]) => (isOver() ? refuse() : fn(...args)),
  ]);
  return { ...granted, functions: Object.fromEntries(functions) } as Granted;
};

const LEAKY: Readonly<Record<string, Revoker>> = {
  "guards the door and no handle": (granted) => {
    let isOver = false;
    return { granted: atTheDoor(granted, () => isOver), revoke: () => (isOver = true) };
  },
  "lets calls in flight end": (granted) => {
    let isOver = false;
    const around = ({ args }: { args: readonly unknown[] }, next: (args: readonly unknown[]) => unknown) =>
      isOver ? refuse() : next(args);
    return { granted: membrane(granted, { around, back: around }), revoke: () => (isOver = true) };
  },
  "forgets what the guest gave": (granted) => {
    const { granted: wrapped, revoke } = revocable(granted);
    const watch = (listener: unknown) => functionsOf(granted)["watch"]!(listener);
    return { granted: { ...wrapped, functions: { ...wrapped.functions, watch } } as Granted, revoke };
  },
  "forgets cells in lists": (granted) => {
    const { granted: wrapped, revoke } = revocable(granted);
    const all = async () => {
      await functionsOf(wrapped)["all"]!();
      return functionsOf(granted)["all"]!();
    };
    return { granted: { ...wrapped, functions: { ...wrapped.functions, all } } as Granted, revoke };
  },
  "forgets handles of handles": (granted) => {
    const { granted: wrapped, revoke } = revocable(granted);
    const open = async (path: string) => {
      const cell = (await functionsOf(wrapped)["open"]!(path)) as Granted;
      const raw = (await functionsOf(granted)["open"]!(path)) as Granted;
      return { ...cell, functions: { ...cell.functions, below: raw.functions["below"] } };
    };
    return { granted: { ...wrapped, functions: { ...wrapped.functions, open } } as Granted, revoke };
  },
  "revokes a little later": (granted) => {
    const { granted: wrapped, revoke } = revocable(granted);
    return { granted: wrapped, revoke: () => setImmediate(() => setImmediate(revoke)) };
  },
};

describe("G7 revocation: the property can fail", () => {
  test.each(Object.entries(LEAKY))("it catches what %s", async (_, revoker) => {
    const { failed } = await fc.check(property(revoker), { numRuns: 3_000, endOnFailure: true });
    expect(failed).toBe(true);
  });

  test("cells are under their contract", async () => {
    const { granted } = revocable(newWorld().granted);
    expect(((await functionsOf(granted)["open"]!("a")) as Granted).contract).toBe(CELL);
  });
});
