// The parts that the exploration stands on, each against trying everything: sums, times, and ways through choices.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type Inequality, solve } from "../../policy-libs/policy/analysis/linear.ts";
import { eachPath } from "../../policy-libs/policy/analysis/paths.ts";
import {
  earliest,
  elapsed,
  includes,
  kept,
  old,
  START,
  stamped,
  widened,
  young,
  type Zone,
} from "../../policy-libs/policy/analysis/zone.ts";

describe("sums of whole numbers", () => {
  const NAMES = ["a", "b", "c"];
  const MOST = 4;
  const anyInequality = fc
    .tuple(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }), fc.integer({ min: -6, max: 8 }))
    .map(([factors, most]): Inequality => {
      const of = NAMES.map((name, at) => [name, factors[at] as number] as const).filter(([, factor]) => factor !== 0);
      return { of: new Map(of), most };
    });
  const box: readonly Inequality[] = NAMES.flatMap((name) => [
    { of: new Map([[name, -1]]), most: 0 },
    { of: new Map([[name, 1]]), most: MOST },
  ]);
  const all = [0, 1, 2, 3, 4].flatMap((a) => [0, 1, 2, 3, 4].flatMap((b) => [0, 1, 2, 3, 4].map((c) => [a, b, c])));
  const fulfils = (system: readonly Inequality[], values: ReadonlyMap<string, number>): boolean =>
    system.every(
      ({ of, most }) => [...of].reduce((sum, [name, factor]) => sum + factor * (values.get(name) ?? 0), 0) <= most,
    );
  const named = (values: readonly number[]) => new Map(NAMES.map((name, at) => [name, values[at] as number] as const));

  test.prop([fc.array(anyInequality, { maxLength: 5 })])("are solvable or not as trying all of them shows", (some) => {
    const system = [...some, ...box];
    const found = solve(system);
    const isPossible = all.some((values) => fulfils(system, named(values)));
    if (found === "none") expect(isPossible).toBe(false);
    else if (found !== "unknown") expect(fulfils(system, found)).toBe(true);
  });

  test("that elimination cannot tell are unknown", () => {
    // 2a = 2b + 1 has a solution among fractions and none among whole numbers.
    const system: readonly Inequality[] = [
      {
        of: new Map([
          ["a", 2],
          ["b", -2],
        ]),
        most: 1,
      },
      {
        of: new Map([
          ["a", -2],
          ["b", 2],
        ]),
        most: -1,
      },
    ];
    expect(solve(system)).toBe("unknown");
  });
});

describe("times", () => {
  type Move =
    | { readonly kind: "stamp" }
    | { readonly kind: "young" | "old"; readonly which: number; readonly age: number };
  const anyMove: fc.Arbitrary<Move> = fc.oneof(
    fc.constant({ kind: "stamp" as const }),
    fc.record({ kind: fc.constantFrom("young" as const, "old" as const), which: fc.nat(2), age: fc.nat(2) }),
  );
  const anyMoves = fc.array(anyMove, { maxLength: 6 });

  /** Between any two moves any time may pass. Undefined: the moves cannot all be. */
  const moved = (before: Zone, move: Move): Zone | undefined => {
    const zone = elapsed(before);
    if (move.kind === "stamp") return stamped(zone);
    if (zone.length === 1) return zone;
    return (move.kind === "young" ? young : old)(zone, 1 + (move.which % (zone.length - 1)), move.age);
  };
  const zoneOf = (moves: readonly Move[], isWidening: boolean): Zone | undefined => {
    let zone: Zone | undefined = START;
    for (const move of moves) {
      zone = zone && moved(zone, move);
      if (zone !== undefined && isWidening)
        zone = widened(
          zone,
          zone.map((_, at) => (at === 0 ? 0 : 2)),
        );
    }
    return zone;
  };
  const isPossible = (moves: readonly Move[], stamps: readonly number[] = [], now = 0): boolean => {
    const [move, ...rest] = moves;
    if (move === undefined) return true;
    return [0, 1, 2, 3].some((wait) => {
      const then = now + wait;
      if (move.kind === "stamp") return isPossible(rest, [...stamps, then], then);
      if (stamps.length === 0) return isPossible(rest, stamps, then);
      const isYoung = then - (stamps[move.which % stamps.length] as number) <= move.age;
      return isYoung === (move.kind === "young") && isPossible(rest, stamps, then);
    });
  };

  test.prop([anyMoves])("that tests of windows leave are none exactly if no times fit, also when widened", (moves) => {
    expect(zoneOf(moves, false) !== undefined).toBe(isPossible(moves));
    expect(zoneOf(moves, true) !== undefined).toBe(isPossible(moves));
  });

  test.prop([anyMoves])("are only added to by widening, and kept by leaving moments out", (moves) => {
    const zone = zoneOf(moves, false);
    if (zone === undefined) return;
    expect(
      includes(
        widened(
          zone,
          zone.map(() => 2),
        ),
        zone,
      ),
    ).toBe(true);
    expect(
      kept(
        zone,
        zone.map((_, at) => at),
      ),
    ).toEqual(zone);
  });

  const anyBound = fc.record({
    event: fc.integer({ min: 1, max: 3 }),
    after: fc.nat(2),
    size: fc.nat(3),
    isLeast: fc.boolean(),
  });
  test.prop([fc.array(anyBound, { maxLength: 5 })])(
    "of a trace are the earliest that fit, or there are none",
    (some) => {
      const bounds = some.filter(({ event, after }) => after < event);
      const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
      const fits = (times: readonly number[]): boolean =>
        bounds.every(({ event, after, size, isLeast }) => {
          const between = (times[event] as number) - (times[after] as number);
          return isLeast ? between >= size : between <= size;
        });
      const possible = all
        .flatMap((a) => all.filter((b) => b >= a).flatMap((b) => all.filter((c) => c >= b).map((c) => [0, a, b, c])))
        .filter(fits);
      const found = earliest(
        4,
        bounds.map(({ event, after, size, isLeast }) => ({
          event,
          after,
          ...(isLeast ? { least: size } : { most: size }),
        })),
      );
      if (found === undefined) expect(possible).toEqual([]);
      else {
        expect(fits(found)).toBe(true);
        for (const times of possible) expect(times.every((time, at) => time >= (found[at] as number))).toBe(true);
      }
    },
  );
});

describe("ways through choices", () => {
  test("are all taken, each once", () => {
    const taken = [
      ...eachPath(({ choose }) => {
        const first = choose(3);
        return first === 1 ? `${first}` : `${first}${choose(2)}`;
      }),
    ];
    expect(taken).toEqual(["00", "01", "1", "20", "21"]);
  });

  test("are not taken on from where one that succeeded has settled", () => {
    const tried: string[] = [];
    const found = [
      ...eachPath((choices) => {
        const first = choices.choose(2);
        const made = choices.made();
        const second = choices.choose(3);
        tried.push(`${first}${second}`);
        if (second === 0) return undefined;
        choices.settle(made);
        return `${first}${second}`;
      }),
    ];
    expect(found).toEqual(["01", "11"]);
    expect(tried).toEqual(["00", "01", "10", "11"]);
  });
});
