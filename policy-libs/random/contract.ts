// The contract of randomness.
import { arg, bytes, contract, integer } from "../contract/index.ts";

/** What crypto.getRandomValues gives at once (W3C Web Cryptography API 10.1.1). */
export const MOST_RANDOM_BYTES = 65_536;

/** The contract of randomness. */
export const RANDOM = contract({
  name: "random",
  allows: "drawing random bytes and whole numbers",
  never: "tells or changes what others draw",
  calls: {
    bytes: {
      takes: [arg("length", integer({ min: 0, max: MOST_RANDOM_BYTES }))],
      gives: bytes({ max: MOST_RANDOM_BYTES }),
      refuses: [],
      about: "so many random bytes",
    },
    integer: {
      takes: [arg("min", integer()), arg("max", integer())],
      gives: integer(),
      refuses: [],
      about: "a whole number from min to max, both among the results, each equally likely",
    },
  },
});
