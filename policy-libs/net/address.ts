// Addresses as guests and grants write them, parsed once and strictly; from then on only the parsed value is used.
//
// Invariants
//   A1  A text is an address in one way or not at all: no leading zeros, no octal or hexadecimal parts, no short forms,
//       no blanks, no zone. What is refused here never reaches a host that would read it more kindly.
//   A2  Two texts of one address give the same `bits` and the same `text` (RFC 5952).
// Trust
//   Trusted by grants.ts, ranges.ts and policy-libs/node/.

export interface Address {
  readonly family: 4 | 6;
  /** 32 or 128 bits, the first part highest. */
  readonly bits: bigint;
  /** The one canonical text. */
  readonly text: string;
}

/** Longest text of an address: eight groups, the last two in decimal parts (RFC 4291). */
const MAX_TEXT = 45;

function bitsOf4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)) return;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => parseInt(group, 16))
    : undefined;
}

/** The last two groups may be decimal: they become hexadecimal. */
function withoutDecimal(text: string): string | undefined {
  if (!text.includes(".")) return text;
  const at = text.lastIndexOf(":") + 1;
  const bits = bitsOf4(text.slice(at));
  if (bits === undefined || at === 0) return undefined;
  return `${text.slice(0, at)}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}

function bitsOf6(text: string): bigint | undefined {
  const halves = withoutDecimal(text)?.split("::") ?? [];
  if (halves.length < 1 || halves.length > 2) return;
  const [head, tail] = [groupsOf(halves[0] as string), groupsOf(halves[1] ?? "")];
  if (head === undefined || tail === undefined) return;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(group), 0n);
}

const text4 = (bits: bigint): string => [24n, 16n, 8n, 0n].map((at) => (bits >> at) & 255n).join(".");

/** RFC 5952: small letters, no leading zeros, the first longest run of two or more zero groups is "::". */
function text6(bits: bigint): string {
  if (bits >> 32n === 0xffffn) return `::ffff:${text4(bits & 0xffff_ffffn)}`;
  const groups = [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((at) => ((bits >> (16n * at)) & 0xffffn).toString(16));
  const all = `:${groups.join(":")}:`;
  const runs = [...all.matchAll(/(?<=:)(?:0:){2,}/g)].sort((a, b) => b[0].length - a[0].length || a.index - b.index);
  const run = runs[0];
  if (run === undefined) return groups.join(":");
  return `${all.slice(1, Math.max(run.index - 1, 1))}::${all.slice(run.index + run[0].length, -1)}`;
}

export const address4 = (bits: bigint): Address => Object.freeze({ family: 4, bits, text: text4(bits) });
export const address6 = (bits: bigint): Address => Object.freeze({ family: 6, bits, text: text6(bits) });

/** The address that a text is, or undefined. An IPv6 address has no brackets here. */
export function parseAddress(alleged: unknown): Address | undefined {
  if (typeof alleged !== "string" || alleged.length > MAX_TEXT) return undefined;
  const bits4 = bitsOf4(alleged);
  if (bits4 !== undefined) return address4(bits4);
  const bits6 = alleged.includes(":") ? bitsOf6(alleged) : undefined;
  return bits6 === undefined ? undefined : address6(bits6);
}

export const sameAddress = (a: Address, b: Address): boolean => a.family === b.family && a.bits === b.bits;

/** As it stands before a port: an IPv6 address in brackets. */
export const showPair = (address: Address, port: number): string =>
  address.family === 4 ? `${address.text}:${port}` : `[${address.text}]:${port}`;

export const isPort = (alleged: unknown): alleged is number =>
  typeof alleged === "number" && Number.isInteger(alleged) && alleged >= 1 && alleged <= 65_535;
