// The values that cross, as bytes and as host values: what crosses is listed in stdlib/abi.ts.
export { decodeValue } from "./decode.ts";
export { encodeValue } from "./encode.ts";
