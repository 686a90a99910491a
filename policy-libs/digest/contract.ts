// The contract of digests.
import { arg, boolean, bytes, contract, oneOf, option, string, union } from "../contract/index.ts";

export const ALGORITHMS = ["SHA-256", "SHA-384", "SHA-512", "SHA-1"] as const;
/** A hash that the host's WebCrypto has. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** WebCrypto takes a message as a whole. */
export const MOST_DATA = 32 * 1024 * 1024; // bytes
/** Bytes of a code to verify: the longest is of 64. */
const MOST_CODE = 1_024;

export const OUTPUTS = ["bytes", "hex", "base64"] as const;
/** How a digest is written. */
export type Output = (typeof OUTPUTS)[number];

const algorithm = arg("algorithm", oneOf(...ALGORITHMS));
const data = union(bytes({ max: MOST_DATA }), string({ max: MOST_DATA }));
const output = arg("output", option(oneOf(...OUTPUTS)));
const ERRORS = ["E_TOO_LARGE", "E_IO"] as const;
const KEY_ERRORS = [...ERRORS, "E_NOT_GRANTED"] as const;

/** The contract of hashes and message authentication codes. */
export const DIGEST = contract({
  name: "digest",
  allows: "computing hashes and message authentication codes of what the guest has",
  never: "tells a key, or by its time where two values differ",
  calls: {
    digest: {
      takes: [algorithm, arg("data", data), output],
      gives: union(bytes(), string()),
      refuses: ERRORS,
      about: "the hash of bytes, or of a text as UTF-8",
    },
    hmac: {
      takes: [algorithm, arg("key", data), arg("data", data), output],
      gives: union(bytes(), string()),
      refuses: KEY_ERRORS,
      about: "the HMAC of data under a key, which may be the placeholder of a secret",
    },
    verifyHmac: {
      takes: [algorithm, arg("key", data), arg("data", data), arg("code", bytes({ max: MOST_CODE }))],
      gives: boolean(),
      refuses: KEY_ERRORS,
      about: "is this the HMAC of the data?",
    },
    equal: {
      takes: [arg("a", data), arg("b", data)],
      gives: boolean(),
      refuses: ERRORS,
      about: "are these the same bytes?",
    },
  },
});
