// Values near types, and calls of types as the kernel has them.
import { fc } from "@fast-check/vitest";
import { contract, type Parameter, type Type } from "../../policy-libs/index.ts";
import { anyType } from "./contract-generators.ts";

const words = { name: "it", allows: "", never: "" };
export const callOf = (takes: readonly Parameter[], gives: Type) => {
  const [call] = contract({ ...words, calls: { it: { takes, gives, refuses: [] } } }).calls;
  if (call === undefined) throw new Error("a call was expected");
  return call;
};
export type Bounds = { readonly min?: number | undefined; readonly max?: number | undefined };
const lengthOf = ({ min = 0, max = 5 }: Bounds): { minLength: number; maxLength: number } => {
  const minLength = Math.min(min, 5);
  return { minLength, maxLength: Math.max(minLength, Math.min(max, 5)) };
};

/** Values of a type, or nearly. */
function near(type: Type): fc.Arbitrary<unknown> {
  switch (type.type) {
    case "nothing":
      return fc.constant(undefined);
    case "boolean":
      return fc.boolean();
    case "date":
      return fc.date();
    case "number":
    case "integer":
      return fc.oneof(fc.constantFrom(type.min ?? 0, type.max ?? Number.NaN), fc.integer(), fc.double());
    case "string":
      return fc.string({ unit: "binary", ...lengthOf(type) });
    case "bytes":
      return fc.uint8Array(lengthOf(type));
    case "list":
      return fc.array(near(type.of), lengthOf(type));
    case "record": {
      const fields = Object.fromEntries(Object.entries(type.fields).map(([name, of]) => [name, near(of)]));
      return fc.record(fields, {
        requiredKeys: Object.keys(fields).filter((name) => type.fields[name]?.type !== "option"),
        noNullPrototype: true,
      });
    }
    case "option":
      return fc.oneof(fc.constant(undefined), near(type.of));
    case "union":
      return fc.oneof(...type.of.map(near));
    case "oneOf":
      return fc.constantFrom(...type.values);
    default:
      return fc.constantFrom(1, "a", [], {});
  }
}

const OTHER = fc.constantFrom<unknown>(
  undefined,
  null,
  true,
  0,
  -0,
  1,
  -1,
  0.5,
  Number.NaN,
  Infinity,
  2 ** 53,
  "",
  "a",
  "\ud800",
  [],
  [1],
  {},
  { a: 1 },
  new Uint8Array(1),
  new Date(0),
);
/** A type, and a value that may be of it. */
export const pairs = anyType.chain((type) =>
  fc.tuple(fc.constant(type), fc.oneof({ weight: 4, arbitrary: near(type) }, { weight: 1, arbitrary: OTHER })),
);
