// The contract of a key-value store: small values under names, in order, each changed as a whole.
import {
  any,
  arg,
  boolean,
  contract,
  integer,
  list,
  nothing,
  number,
  option,
  record,
  string,
} from "../contract/index.ts";
import { KV_ERRORS } from "./refusal.ts";
import { MAX_KEY, MAX_LISTED } from "./types.ts";

const KEY = arg("key", string({ min: 1, max: MAX_KEY }));
const refuses = Object.keys(KV_ERRORS);
const RANGE = option(
  record({
    after: option(string({ max: MAX_KEY })),
    most: option(integer({ min: 1, max: MAX_LISTED })),
    values: option(boolean()),
  }),
);

/** The contract of a key-value store. */
// biome-ignore format: a table
export const KV = contract({
  name: "kv",
  allows: "keeping values under names in the one store that it was made for",
  never: "reaches another store; shows a value that was changed in part",
  calls: {
    get: { takes: [KEY], gives: any(), refuses, about: "the value of a key, or undefined" },
    set: { takes: [KEY, arg("value", any())], gives: nothing(), refuses, about: "gives a key a value, which is not undefined" },
    remove: { takes: [KEY], gives: boolean(), refuses, about: "removes a key; was it there?" },
    has: { takes: [KEY], gives: boolean(), refuses, about: "is there such a key?" },
    list: { takes: [arg("prefix", option(string({ max: MAX_KEY }))), arg("range", RANGE)], gives: list(record({ key: string(), value: option(any()) })), refuses, about: "keys that begin so, by their code points; after: the last key of the list before; values: with values, as many as fit" },
    compareAndSet: { takes: [KEY, arg("expected", any()), arg("value", any())], gives: boolean(), refuses, about: "sets the value if it is the expected one; undefined stands for no such key" },
    increment: { takes: [KEY, arg("by", option(number({ min: -Number.MAX_VALUE, max: Number.MAX_VALUE })))], gives: number(), refuses, about: "adds to a number, by default 1, and gives the sum; no such key is 0" },
    size: { takes: [], gives: integer({ min: 0 }), refuses, about: "how many keys there are" },
  },
});

/** What the calls do, for attenuators. */
export const KV_EFFECTS = {
  ...{ get: "reads", has: "reads", list: "reads", size: "reads" },
  ...{ set: "writes", remove: "writes", compareAndSet: "writes", increment: "writes" },
} as const satisfies Readonly<Record<keyof typeof KV.data.calls, "reads" | "writes">>;

type KvCall = keyof typeof KV_EFFECTS;

/** Calls that change the store. */
export const KV_WRITES = (Object.keys(KV_EFFECTS) as KvCall[]).filter((call) => KV_EFFECTS[call] === "writes");
