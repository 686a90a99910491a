// Contracts of all kinds of types, as data.
import { fc } from "@fast-check/vitest";
import {
  any,
  arg,
  boolean,
  bytes,
  type CallData,
  type ContractData,
  date,
  handle,
  integer,
  list,
  nothing,
  number,
  oneOf,
  option,
  type Parameter,
  record,
  rest,
  string,
  type Type,
  union,
} from "../../policy-libs/index.ts";

const boundsOf = (bound: fc.Arbitrary<number>): fc.Arbitrary<{ min?: number; max?: number }> =>
  fc
    .record({ min: bound, max: bound }, { requiredKeys: [] })
    .map(({ min, max }) =>
      min !== undefined && max !== undefined && min > max
        ? { min: max, max: min }
        : { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
    );

const lengths = boundsOf(fc.nat());
const literal = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const name = fc
  .stringMatching(/^[a-z][a-z0-9]{0,5}$/)
  .filter(
    (text) =>
      text !== "then" &&
      !/^(do|if|in|for|new|try|var|let|case|else|enum|eval|this|true|void|with|null|await|break|catch|class|const|false|super|throw|while|yield)$/.test(
        text,
      ),
  );

/** As many alternatives as a contract may have are in no generated union but by chance. */
function alternatives(type: Type): number {
  if (type.type === "option") return 1 + alternatives(type.of);
  return type.type === "union" ? type.of.reduce((sum, member) => sum + alternatives(member), 0) : 1;
}

const tied = fc.letrec<{ type: Type; contract: ContractData }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<Type>(any(), nothing(), boolean(), date(), handle("it")),
    boundsOf(fc.double({ noNaN: true })).map(number),
    boundsOf(fc.maxSafeInteger()).map(integer),
    lengths.map(string),
    lengths.map(bytes),
    fc.array(literal, { minLength: 1, maxLength: 4 }).map((values) => oneOf(...values)),
    fc.tuple(tie("type"), lengths).map(([of, bounds]) => list(of, bounds)),
    tie("type").map((of) => option(of)),
    fc
      .array(tie("type"), { minLength: 1, maxLength: 3 })
      .filter((of) => of.reduce((sum, each) => sum + alternatives(each), 0) <= 12)
      .map((of) => union(...of)),
    fc.dictionary(name, tie("type"), { maxKeys: 3, noNullPrototype: true }).map((fields) => record(fields)),
    tie("contract").map((of) => handle(of)),
  ),
  contract: fc.record({
    name: fc.constantFrom("it", "other"),
    allows: fc.constant(""),
    never: fc.constant(""),
    calls: fc.dictionary(name, fc.record({ takes: fc.constant([]), gives: tie("type"), refuses: fc.constant([]) }), {
      ...{ maxKeys: 2, noNullPrototype: true },
    }),
  }),
}));

/** A type; its handles by name are of a contract named `it`. */
export const anyType: fc.Arbitrary<Type> = tied.type;

const takes = fc
  .record({
    required: fc.array(
      anyType.filter((of) => of.type !== "option"),
      { maxLength: 2 },
    ),
    options: fc.array(anyType, { maxLength: 2 }),
    last: fc.option(anyType),
  })
  .map(({ required, options, last }): Parameter[] => [
    ...[...required, ...options.map((of) => option(of))].map((of, at) => arg(`p${at}`, of)),
    ...(last === null ? [] : [rest(last)]),
  ]);

const call: fc.Arbitrary<CallData> = fc.record(
  {
    takes,
    gives: anyType,
    refuses: fc.oneof(fc.constant("any" as const), fc.subarray(["E_A", "E_B", "E_VALUE"])),
    about: fc.constantFrom("", "does it"),
    mode: fc.constantFrom("sync" as const, "async" as const, "blocking" as const),
  },
  { requiredKeys: ["takes", "gives", "refuses"] },
);

/** A contract named `it`. */
export const anyContract: fc.Arbitrary<ContractData> = fc.record({
  name: fc.constant("it"),
  allows: fc.constantFrom("", "everything"),
  never: fc.constant("does nothing"),
  calls: fc.dictionary(name, call, { maxKeys: 4, noNullPrototype: true }),
});
