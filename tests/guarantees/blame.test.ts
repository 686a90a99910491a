// Blame: what does not fit a contract is the fault of the side that it came from. A wrong argument is the caller's error
// and reaches no target; a wrong result or an undeclared refusal ends the target, never the caller.
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  arg,
  boolean,
  bytes,
  capability,
  contract,
  date,
  type Granted,
  integer,
  list,
  number,
  oneOf,
  option,
  record,
  string,
  type Type,
  union,
} from "../../policy-libs/index.ts";
import { cordon, gave, run } from "../embed/cordon.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 2_000 : 120;
const codes = ["E_ONE", "E_TWO"] as const;

type Bounds = { readonly min?: number | undefined; readonly max?: number | undefined };
const lies = (value: number, { min = -Infinity, max = Infinity }: Bounds): boolean => value >= min && value <= max;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

// biome-ignore format: a table
const IS: Readonly<Record<string, (type: never, value: unknown) => boolean>> = {
  boolean: (_: Type, value) => typeof value === "boolean",
  date: (_: Type, value) => value instanceof Date,
  number: (type: Bounds, value) => typeof value === "number" && lies(value, type),
  integer: (type: Bounds, value) => Number.isSafeInteger(value) && lies(value as number, type),
  string: (type: Bounds, value) => typeof value === "string" && lies(value.length, type),
  bytes: (type: Bounds, value) => value instanceof Uint8Array && lies(value.length, type),
  list: (type: Bounds & { of: Type }, value) => Array.isArray(value) && lies(value.length, type) && value.every((item) => isOf(type.of, item)),
  option: (type: { of: Type }, value) => value === undefined || isOf(type.of, value),
  union: (type: { of: Type[] }, value) => type.of.some((one) => isOf(one, value)),
  oneOf: (type: { values: unknown[] }, value) => type.values.some((one) => Object.is(one, value)),
  record: (type: { fields: Record<string, Type> }, value) => isRecord(value) && isRecordOf(type.fields, value),
};

const isOf = (type: Type, value: unknown): boolean => IS[type.type]?.(type as never, value) ?? false;

/** Exactly these fields; one of an option may be absent, or undefined. */
const isRecordOf = (fields: Readonly<Record<string, Type>>, value: Record<string, unknown>): boolean =>
  Object.keys(value).every((name) => Object.hasOwn(fields, name)) &&
  Object.entries(fields).every(([name, of]) =>
    Object.hasOwn(value, name) ? isOf(of, value[name]) : of.type === "option",
  );

const bounds = fc.tuple(fc.integer({ min: -5, max: 5 }), fc.nat(8)).map(([min, more]) => ({ min, max: min + more }));
const lengths = fc.tuple(fc.nat(2), fc.nat(4)).map(([min, more]) => ({ min, max: min + more }));
const FIELD = fc.constantFrom("a", "b", "c");

const { type: anyType } = fc.letrec<{ type: Type }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", maxDepth: 2 },
    fc.constantFrom<Type>(boolean(), date(), oneOf("a", 1, null, true)),
    bounds.map(number),
    bounds.map(integer),
    lengths.map(string),
    lengths.map(bytes),
    fc.tuple(tie("type"), lengths).map(([of, length]) => list(of, length)),
    tie("type").map((of) => option(of)),
    fc.tuple(tie("type"), tie("type")).map((of) => union(...of)),
    fc.dictionary(FIELD, tie("type"), { maxKeys: 3, noNullPrototype: true }).map((fields) => record(fields)),
  ),
}));

const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 2 },
    fc.constantFrom(undefined, null, true, "a", "abc", -1, 0, 1, 7, 0.5, 1e300, 2 ** 53),
    fc.integer({ min: -8, max: 15 }),
    fc.string({ maxLength: 6 }),
    fc.uint8Array({ maxLength: 6 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(FIELD, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value as fc.Arbitrary<unknown>;

const lengthOf = ({ min = 0, max = 5 }: Bounds): { minLength: number; maxLength: number } => ({
  minLength: min,
  maxLength: max,
});

// biome-ignore format: a table
const MAKE: Readonly<Record<string, (type: never) => fc.Arbitrary<unknown>>> = {
  boolean: () => fc.boolean(),
  date: () => fc.date({ noInvalidDate: true }),
  number: ({ min, max }: { min: number; max: number }) => fc.double({ min, max, noNaN: true }),
  integer: ({ min, max }: { min: number; max: number }) => fc.integer({ min, max }),
  string: (type: Bounds) => fc.string(lengthOf(type)),
  bytes: (type: Bounds) => fc.uint8Array(lengthOf(type)),
  list: (type: Bounds & { of: Type }) => fc.array(fitting(type.of), lengthOf(type)),
  option: (type: { of: Type }) => fc.option(fitting(type.of), { nil: undefined }),
  union: (type: { of: Type[] }) => fc.oneof(...type.of.map(fitting)),
  oneOf: (type: { values: unknown[] }) => fc.constantFrom(...type.values),
  record: (type: { fields: Record<string, Type> }) => fc.record(Object.fromEntries(Object.entries(type.fields).map(([name, of]) => [name, fitting(of)])), { noNullPrototype: true }),
};

/** A value of the type. */
const fitting = (type: Type): fc.Arbitrary<unknown> => (MAKE[type.type] as (type: Type) => fc.Arbitrary<unknown>)(type);

/** What passes a call: mostly values that fit, for anything else fits nearly never. */
const anyCrossing = fc.tuple(anyType, anyType).chain(([takes, gives]) =>
  fc.record({
    takes: fc.constant(takes),
    gives: fc.constant(gives),
    sent: fc.oneof({ weight: 3, arbitrary: fitting(takes) }, { weight: 2, arbitrary: anyValue }),
    given: fc.oneof({ weight: 1, arbitrary: fitting(gives) }, { weight: 1, arbitrary: anyValue }),
    refusal: fc.option(fc.constantFrom<string>(...codes, "E_THREE", "E_ONE ", ""), { freq: 4 }),
    isLate: fc.boolean(),
  }),
);
type Crossing = typeof anyCrossing extends fc.Arbitrary<infer T> ? T : never;

const contractOf = ({ takes, gives }: Crossing) =>
  contract({
    name: "thing",
    allows: "",
    never: "",
    calls: {
      it: { takes: [arg("sent", takes)], gives, refuses: codes },
      fine: { takes: [], gives: integer(), refuses: [], mode: "sync" },
    },
  });

const PROGRAM = `
  const fine = async () => { try { return await thing.fine() } catch (e) { return e.code } };
  const before = await fine();
  let got, code;
  try { got = await thing.it(sent) } catch (e) { code = e.code }
  ({ before, got, code, after: await fine(), mine: "alive" })`;

type Told = { before: unknown; got: unknown; code: unknown; after: unknown; mine: unknown };

/** Whose fault is it? From the words of the contract alone. */
function judged({ takes, gives, sent, given, refusal }: Crossing): "caller" | "target" | "refused" | "nobody" {
  if (!isOf(takes, sent)) return "caller";
  if (refusal !== null) return (codes as readonly string[]).includes(refusal) ? "refused" : "target";
  return isOf(gives, given) ? "nobody" : "target";
}

const EXPECTED = {
  caller: () => ({ code: "E_VALUE", after: 1 }),
  refused: ({ refusal }: Crossing) => ({ code: refusal, after: 1 }),
  nobody: ({ given }: Crossing) => ({ code: undefined, got: given, after: 1 }),
  target: () => ({ code: "E_TARGET", after: expect.stringMatching(/^E_(REVOKED|TARGET)$/) }),
} as const;

function check(crossing: Crossing, told: Told, calls: number): void {
  const fault = judged(crossing);
  expect(told).toMatchObject({ before: 1, mine: "alive", ...EXPECTED[fault](crossing) });
  expect(calls).toBe(fault === "caller" ? 0 : 1);
}

function hostTarget(crossing: Crossing): { granted: Granted; calls: () => number } {
  let calls = 0;
  const answer = (): unknown => {
    if (crossing.refusal !== null) throw Object.assign(new Error("no"), { code: crossing.refusal });
    return crossing.given;
  };
  const it = (): unknown => {
    calls++;
    return crossing.isLate ? Promise.resolve().then(answer) : answer();
  };
  return {
    granted: capability(contractOf(crossing), { it: it as never, fine: () => 1 }) as Granted,
    calls: () => calls,
  };
}

describe("blame", () => {
  test("a guest and a host's capability: the one that errs pays, the guest lives on", async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(anyCrossing, async (crossing) => {
        const { granted, calls } = hostTarget(crossing);
        const told = gave(
          await run({ source: PROGRAM, inputs: { sent: crossing.sent }, grant: { thing: granted } }),
        ) as Told;
        check(crossing, told, calls());
        const fault = judged(crossing);
        seen.set(fault, (seen.get(fault) ?? 0) + 1);
        if (fault === "target") {
          // Broken for the guest that met it; another one gets its own chance.
          const again = gave(await run({ source: "await thing.fine()", grant: { thing: granted } }));
          expect(again).toBe(1);
        }
      }),
      { numRuns },
    );
    expect([...seen.keys()].sort()).toEqual(["caller", "nobody", "refused", "target"]);
  });

  test("a guest and a guest: the domain behind the capability ends if it errs, and lives if its caller does", async () => {
    const source = `
      let calls = 0;
      const answer = () => { if (refusal !== null) throw Object.assign(new Error("no"), { code: refusal }); return given };
      ({ thing: { it: () => { calls++; note(calls); return isLate ? Promise.resolve().then(answer) : answer() }, fine: () => 1 } })`;
    await fc.assert(
      fc.asyncProperty(anyCrossing, async (crossing) => {
        let calls = 0;
        const { given, refusal, isLate } = crossing;
        using layer = await cordon.layer({
          ...{ source, inputs: { given, refusal, isLate }, offers: { thing: contractOf(crossing) } },
          grant: {
            note: (count: number) => {
              calls = count;
            },
          },
        });
        const told = gave(await run({ source: PROGRAM, inputs: { sent: crossing.sent }, grant: layer.grant })) as Told;
        check(crossing, told, calls);
        expect(layer.ended() === undefined).toBe(judged(crossing) !== "target");
      }),
      { numRuns },
    );
  });

  test("an embedder that calls a guest is a caller as any other", async () => {
    await fc.assert(
      fc.asyncProperty(anyCrossing, async (crossing) => {
        const { given, refusal, isLate } = crossing;
        const source = `
          const answer = () => { if (refusal !== null) throw Object.assign(new Error("no"), { code: refusal }); return given };
          ({ thing: { it: () => isLate ? Promise.resolve().then(answer) : answer(), fine: () => 1 } })`;
        using layer = await cordon.layer({
          source,
          inputs: { given, refusal, isLate },
          offers: { thing: contractOf(crossing) },
        });
        const { it } = (layer.grant["thing"] as Granted).functions as unknown as {
          it: (sent: unknown) => Promise<unknown>;
        };
        const told = await it(crossing.sent).then(
          (got) => ({ got }),
          (error: { code: string }) => ({ code: error.code }),
        );
        const { after: _after, ...expected } = EXPECTED[judged(crossing)](crossing);
        expect(told).toMatchObject(
          Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)),
        );
        expect(layer.ended() === undefined).toBe(judged(crossing) !== "target");
      }),
      { numRuns: numRuns / 2 },
    );
  });
});
