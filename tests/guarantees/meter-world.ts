// A tree of meters beside a plain log of what it allowed, and random things that happen to it.
import fc from "fast-check";
import { expect } from "vitest";
import type { Account as Ledger } from "../../kernel/index.ts";
import { type Meter, meter } from "../../policy-libs/index.ts";
import { type Metered, RESOURCES } from "../../policy-libs/meter/resources.ts";
import { fakeTime, paying } from "../contracts/meter-kit.ts";

const USED: Metered = "netSend";
const HELD: Metered = "filesOpened";

interface Planned {
  /** Index of the node above; of an earlier one. */
  readonly above: number;
  readonly limit: number;
  readonly rate: number | undefined;
  readonly share: number;
}

export const anyTree = fc.array(
  fc.record({
    above: fc.nat(20),
    limit: fc.oneof(fc.nat(200), fc.constant(Infinity)),
    rate: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 90 }) },
    ),
    share: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 1, maxLength: 9 },
);

type Act =
  | {
      readonly do: "charge" | "refund" | "wait" | "drop" | "limit";
      readonly at: number;
      readonly of: Metered;
      readonly amount: number;
    }
  | { readonly do: "freeze" | "thaw" | "remove"; readonly at: number }
  | { readonly do: "time"; readonly amount: number };

const at = fc.nat(20);
const of = fc.constantFrom(USED, HELD);
const amount = fc.oneof(
  { weight: 10, arbitrary: fc.nat(60) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -5, Infinity, 2 ** 53) },
);
const paid = fc.constantFrom("charge" as const, "charge" as const, "refund" as const, "wait" as const, "drop" as const);

export const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: paid, at, of, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("limit" as const), at, of, amount: fc.nat(150) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("freeze" as const, "thaw" as const, "remove" as const), at }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("time" as const), amount: fc.nat(3_000) }) },
);

const chainOf = ({ account: own }: Meter): Ledger[] => {
  const chain: Ledger[] = [];
  for (let at: Ledger | undefined = own; at !== undefined; at = at.parent) chain.push(at);
  return chain;
};

const isAmount = (amount: number): boolean => amount >= 0 && amount <= Number.MAX_SAFE_INTEGER;

/** A tree of meters beside a ledger that counts in the plainest way what was granted to whom. */
export class World {
  readonly time = fakeTime(5);
  readonly meters: Meter[] = [];
  readonly payers: ReturnType<typeof paying>[] = [];
  readonly own: Map<Metered, number>[] = [];
  readonly taken: Map<Metered, number>[] = [];
  readonly waits: Promise<unknown>[] = [];

  constructor(tree: readonly Planned[]) {
    for (const [i, { above, limit, rate, share }] of tree.entries()) {
      const rates = rate === undefined ? {} : { [USED]: rate };
      const options = { name: `${i}`, limits: { [USED]: limit, [HELD]: limit }, rates, share };
      this.meters.push(i === 0 ? meter({ ...options, time: this.time }) : this.meters[above % i]!.child(options));
      this.payers.push(paying(this.meters[i]!.account));
      this.own.push(new Map());
      this.taken.push(new Map());
    }
  }
  note(at: number, of: Metered, amount: number): void {
    this.own[at]!.set(of, (this.own[at]!.get(of) ?? 0) + amount);
    if (amount > 0 || of === USED) this.taken[at]!.set(of, (this.taken[at]!.get(of) ?? 0) + amount);
  }
  /** What the log says that a node and all below it hold. */
  expected(at: number, of: Metered, log: readonly Map<Metered, number>[]): number {
    const root = this.meters[at]!.account;
    return this.meters.reduce((sum, one, i) => sum + (chainOf(one).includes(root) ? (log[i]!.get(of) ?? 0) : 0), 0);
  }
  act(act: Act): Promise<void> | void {
    if (act.do === "time") return this.time.advance(act.amount);
    const at = act.at % this.meters.length;
    const one = this.meters[at]!;
    if (!("of" in act)) return one[act.do]();
    const { of, amount } = act;
    if (act.do === "limit") return one.limit(of, amount);
    return this[act.do](at, of, amount);
  }
  drop(at: number): void {
    this.payers[at]!.drop();
    this.payers[at] = paying(this.meters[at]!.account);
  }
  /** Only those give back that were charged: the leaves. */
  refund(at: number, of: Metered, amount: number): void {
    const one = this.meters[at]!;
    if (this.meters.some(({ account }) => account.parent === one.account)) return;
    const held = one.usage()[of];
    this.payers[at]!.refund(of, amount);
    if (isAmount(amount)) this.note(at, of, -Math.min(amount, held));
  }
  wait(at: number, of: Metered, amount: number): void {
    const waiting = this.payers[at]!.wait(of, amount).then(
      () => this.note(at, of, amount),
      (error: { code?: string }) => {
        if (isAmount(amount)) expect(["E_QUOTA", "E_ENDED", "E_BUSY"]).toContain(error.code);
        else expect(error).toBeInstanceOf(RangeError);
      },
    );
    this.waits.push(waiting);
  }
  charge(at: number, of: Metered, amount: number): void {
    const index = RESOURCES.indexOf(of);
    const room = Math.min(...chainOf(this.meters[at]!).map(({ limit, used }) => limit[index]! - used[index]!));
    try {
      this.payers[at]!.charge(of, amount);
    } catch (error) {
      if (isAmount(amount)) expect([(error as { code?: string }).code, amount > room]).toEqual(["E_QUOTA", true]);
      return;
    }
    expect(isAmount(amount) && amount <= room).toBe(true);
    this.note(at, of, amount);
  }
  check(): void {
    for (const of of [USED, HELD])
      for (const [i, one] of this.meters.entries()) {
        expect([i, of, one.usage()[of]]).toEqual([i, of, this.expected(i, of, this.own)]);
        expect([i, of, one.totals()[of]]).toEqual([i, of, this.expected(i, of, this.taken)]);
        const children = this.meters.filter((other) => other.account.parent === one.account);
        expect(children.reduce((sum, child) => sum + child.usage()[of], 0)).toBeLessThanOrEqual(one.usage()[of]);
      }
  }
}
