// Attenuators as the property sees them: how one is put around a capability, and what may pass it, said a second time
// and in another way. A layer of the model knows nothing of how the attenuator works.
import fc from "fast-check";
import {
  type AuditRecord,
  ask,
  audit,
  type Compare,
  clamp,
  faults,
  type Granted,
  leased,
  only,
  quota,
  type Request,
  rate,
  recorded,
  redact,
  revocable,
  sameAnswer,
  size,
  tee,
  window,
  without,
} from "../../policy-libs/index.ts";
import {
  BOX,
  CELL,
  type Effect,
  type ManualClock,
  newWorld,
  type Stamp,
  type World,
} from "../contracts/attenuate-world.ts";

/** A call as it stands above some layer. Of a cell, the first argument is the path of its text. */
export interface Passing {
  readonly of: "box" | "cell";
  readonly call: string;
  readonly args: readonly unknown[];
  /** When the guest made it. */
  readonly time: number;
}

export interface Layer {
  readonly name: string;
  /** May it pass? */
  readonly permits?: (passing: Passing) => boolean;
  /** What it may have become below. Default: itself. */
  readonly becomes?: (passing: Passing) => readonly Passing[];
  /** Texts that no result has. */
  readonly hides?: (text: string) => boolean;
  /** What is wrong with all that was done, if anything. */
  readonly check?: (effects: readonly Effect[]) => string | undefined;
}

/** A world in which things are done, and the layers that stand before it, the outermost first. */
export interface Place {
  readonly world: World;
  readonly layers: readonly Layer[];
}

export interface Building {
  readonly clock: ManualClock;
  readonly stamp: Stamp;
  /** Worlds that layers have brought in, with the layers from there down; those above are added later. */
  readonly others: { readonly world: World; readonly layer: Layer; readonly at: number }[];
  /** What the guest's owner may do at any time. */
  readonly owner: (() => void)[];
}

export interface Spec {
  readonly name: string;
  readonly build: (granted: Granted, building: Building, at: number) => { granted: Granted; layer: Layer };
}

export const CONTENTS = { a: "alpha", b: "beta SECRET" };

const BOX_CALLS = BOX.calls.map(({ name }) => name);
const CELL_CALLS = CELL.calls.map(({ name }) => `cell.${name}`);
export const MASK = "[redacted]";
const ANY_NAMES = fc.subarray([...BOX_CALLS, ...CELL_CALLS]);
const nameOf = ({ of, call }: Pick<Passing, "of" | "call">): string => (of === "cell" ? `cell.${call}` : call);

const onlySpec = ANY_NAMES.map((names): Spec => {
  const knowsCells = names.some((name) => name.startsWith("cell."));
  const permits = (passing: Passing): boolean =>
    names.includes(nameOf(passing)) || (passing.of === "cell" && !knowsCells);
  return {
    name: `only(${names})`,
    build: (granted) => ({ granted: only(granted, names), layer: { name: "only", permits } }),
  };
});

const withoutSpec = ANY_NAMES.map(
  (names): Spec => ({
    name: `without(${names})`,
    build: (granted) => ({
      granted: without(granted, names),
      layer: { name: "without", permits: (passing) => !names.includes(nameOf(passing)) },
    }),
  }),
);

const quotaSpec = fc.record({ calls: fc.nat(12), reads: fc.nat(3), bytes: fc.nat(400) }).map(
  ({ calls, reads, bytes }): Spec => ({
    name: `quota(${calls}, read ${reads}, ${bytes} bytes)`,
    build: (granted) => ({
      granted: quota(granted, { calls, bytes, perCall: { read: reads } }),
      layer: {
        name: "quota",
        check: (effects) => {
          if (effects.length > calls) return `${effects.length} calls of ${calls}`;
          const read = effects.filter(({ call }) => call === "read").length;
          return read > reads ? `${read} reads of ${reads}` : undefined;
        },
      },
    }),
  }),
);

const textsIn = (args: readonly unknown[]): string[] => args.filter((value) => typeof value === "string");

const sizeSpec = fc.record({ argument: fc.integer({ min: 5, max: 60 }), result: fc.integer({ min: 5, max: 60 }) }).map(
  ({ argument, result }): Spec => ({
    name: `size(${argument}, ${result})`,
    build: (granted) => ({
      granted: size(granted, { argument, result }),
      layer: {
        name: "size",
        // The path of a cell is not an argument of its calls.
        permits: ({ of, args }) => textsIn(of === "cell" ? args.slice(1) : args).join("").length <= argument,
      },
    }),
  }),
);

const rateSpec = fc
  .record({ calls: fc.integer({ min: 1, max: 3 }), burst: fc.integer({ min: 1, max: 4 }), waits: fc.boolean() })
  .map(
    ({ calls, burst, waits }): Spec => ({
      name: `rate(${calls}, ${burst}, ${waits})`,
      build: (granted, { clock }) => ({
        granted: rate(granted, { calls, per: 10, burst, mode: waits ? "wait" : "refuse", clock }),
        layer: {
          name: "rate",
          check: (effects) => {
            const last = effects.at(-1)?.time ?? 0;
            // A third of 10 ms is no number that a double has.
            const most = burst + (last * calls) / 10 + 1e-9;
            return effects.length > most ? `${effects.length} calls in ${last} ms` : undefined;
          },
        },
      }),
    }),
  );

const windowSpec = fc.record({ from: fc.nat(30), length: fc.integer({ min: 1, max: 60 }) }).map(
  ({ from, length }): Spec => ({
    name: `window(${from}, ${length})`,
    build: (granted, { clock }) => ({
      granted: window(granted, { from, to: from + length }, clock),
      layer: {
        name: "window",
        // What waits above is judged later than it was made, and what waits below is done later than it was judged.
        permits: ({ time }) => time < from + length,
        check: (effects) => (effects.some(({ time }) => time < from) ? "too early" : undefined),
      },
    }),
  }),
);

const revocableSpec = fc.constant<Spec>({
  name: "revocable",
  build: (granted, { owner, stamp }) => {
    const { granted: wrapped, revoke } = revocable(granted);
    let end = Number.POSITIVE_INFINITY;
    owner.push(() => {
      revoke();
      end = Math.min(end, stamp().order);
    });
    const check = (effects: readonly Effect[]) =>
      effects.some(({ order }) => order > end) ? "after the end" : undefined;
    return { granted: wrapped, layer: { name: "revocable", check } };
  },
});

const leasedSpec = fc.nat(80).map(
  (term): Spec => ({
    name: `leased(${term})`,
    build: (granted, { clock }) => ({
      granted: leased(granted, term, clock).granted,
      layer: {
        name: "leased",
        check: (effects) => (effects.some(({ time }) => time >= term) ? "after the end" : undefined),
      },
    }),
  }),
);

const askSpec = fc.record({ no: fc.constantFrom("write", "cell.set", "open"), moved: fc.boolean() }).map(
  ({ no, moved }): Spec => ({
    name: `ask(not ${no}${moved ? ", b for a" : ""})`,
    build: (granted, { clock }) => ({
      granted: ask(
        granted,
        async ({ capability, call, args }) => {
          if ((capability === "cell" ? `cell.${call}` : call) === no) return "deny";
          const isMoved = moved && capability === "box" && args[0] === "a";
          return isMoved ? { allow: true, args: ["b", ...args.slice(1)] } : "allow";
        },
        { clock },
      ),
      layer: {
        name: "ask",
        permits: (passing) => nameOf(passing) !== no,
        becomes: (passing) => {
          const isMoved = moved && passing.of === "box" && passing.args[0] === "a";
          return [isMoved ? { ...passing, args: ["b", ...passing.args.slice(1)] } : passing];
        },
      },
    }),
  }),
);

const maskText = (value: unknown): unknown => (typeof value === "string" ? value.replaceAll("SECRET", MASK) : value);

const redactSpec = fc.boolean().map(
  (ofArguments): Spec => ({
    name: `redact(${ofArguments})`,
    build: (granted) => ({
      granted: redact(granted, [{ text: /SECRET/ }], { arguments: ofArguments }),
      layer: {
        name: "redact",
        hides: (text) => text.includes("SECRET"),
        becomes: (passing) => {
          if (!ofArguments) return [passing];
          // The path of a cell is the base's own, all else went through the mask.
          const args = passing.args.map((value, i) => (passing.of === "cell" && i === 0 ? value : maskText(value)));
          return [{ ...passing, args }];
        },
      },
    }),
  }),
);

const auditSpec = fc.constantFrom("full", "digest", "none").map(
  (values): Spec => ({
    name: `audit(${values})`,
    build: (granted, { clock }) => {
      const records: AuditRecord[] = [];
      const check = (effects: readonly Effect[]): string | undefined => {
        // A slow call has its record when it ends.
        const quick = effects.filter(({ call }) => call !== "slow").length;
        return records.filter(({ isBack }) => !isBack).length < quick ? "an effect without a record" : undefined;
      };
      return {
        granted: audit(granted, (entry) => records.push(entry), { values, clock }),
        layer: { name: "audit", check },
      };
    },
  }),
);

const faultsSpec = fc.record({ seed: fc.nat(), after: fc.boolean(), delay: fc.constantFrom(0, 5) }).map(
  ({ seed, after, delay }): Spec => ({
    name: `faults(${seed}, ${after}, ${delay})`,
    build: (granted, { clock }) => ({
      granted: faults(granted, { seed, probability: 0.3, delay, when: after ? "after" : "before", clock }),
      layer: { name: "faults" },
    }),
  }),
);

const recordedSpec = fc.nat(40).map(
  (calls): Spec => ({
    name: `recorded(${calls})`,
    build: (granted) => ({
      granted: recorded(granted, { calls }).granted,
      layer: { name: "recorded", check: (effects) => (effects.length > calls ? "more than was recorded" : undefined) },
    }),
  }),
);

const clampSpec = fc.boolean().map(
  (hasOther): Spec => ({
    name: `clamp(${hasOther})`,
    build: (granted, { others, stamp }, at) => {
      const other = hasOther ? newWorld({ a: "decoy", b: "decoy SECRET" }, stamp) : undefined;
      const isPicked = ({ args, of, call }: Passing): boolean => call === "set" || (of === "box" && args[0] === "b");
      if (other !== undefined) others.push({ world: other, at, layer: { name: "otherwise", permits: permitsOther } });
      const predicate = ({ capability: of, call, args }: Request): boolean =>
        isPicked({ of: of as "box" | "cell", call, args, time: 0 });
      return {
        granted: clamp(granted, predicate, other?.granted),
        layer: { name: "clamp", permits: (passing) => !isPicked(passing) },
      };
    },
  }),
);

/** At the other target: calls that were picked, and those of its own handles. */
const permitsOther = ({ of, args }: Passing): boolean => of === "cell" || args[0] === "b";

const teeSpec = fc.boolean().map(
  (isLax): Spec => ({
    name: `tee(${isLax})`,
    build: (granted, { others, stamp }, at) => {
      const second = newWorld(CONTENTS, stamp);
      others.push({ world: second, at, layer: { name: "second" } });
      // Lists of handles that differ would be paired by their places: handles to one text here and another there.
      const lax: Compare = (request, a, b) => request.call !== "all" || sameAnswer(request, a, b);
      const wrapped = isLax ? tee(granted, second.granted, lax) : tee(granted, second.granted);
      return { granted: wrapped, layer: { name: "tee" } };
    },
  }),
);

export const anySpec: fc.Arbitrary<Spec> = fc.oneof(
  ...[onlySpec, withoutSpec, quotaSpec, sizeSpec, rateSpec, windowSpec, revocableSpec, leasedSpec],
  ...[askSpec, redactSpec, auditSpec, faultsSpec, recordedSpec, clampSpec, teeSpec],
);
