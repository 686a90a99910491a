// The values that cross, as bytes and as host values: what crosses is listed in stdlib/abi.ts.
import { decodeValue } from "./decode.ts";
import { CordonError } from "./errors.ts";
import { bytesOf } from "./kinds.ts";
import { isBytes } from "./plain.ts";
import { Malformed } from "./reader.ts";

export { decodeParcel, decodeValue } from "./decode.ts";
export { encodeParcel, encodeThrown, encodeValue } from "./encode.ts";

const refuse = (why: string): never => {
  throw new CordonError("E_VALUE", why);
};

/**
 * The value of the one CBOR item in the bytes, or in the first `length` of them. Throws CordonError E_VALUE for what is
 * none. For bytes from anywhere: what the kernel has checked needs no second look.
 */
export function decodeBytes(bytes: Uint8Array, length?: number): unknown {
  if (!isBytes(bytes)) return refuse("a value is decoded from a Uint8Array");
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) refuse("length must be a count of bytes");
  try {
    // A view without properties of its own, such as a `subarray`.
    return decodeValue(bytesOf(bytes), length);
  } catch (thrown) {
    return refuse(thrown instanceof Malformed ? thrown.message : "malformed value: it cannot be made");
  }
}
