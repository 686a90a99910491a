// Hosts as guests and grants write them: an address, or a name in its one canonical form.
//
// Invariants
//   H1  What a host's URL parser or resolver would read as an address is never taken for a name: "0x7f.1",
//       "2130706433", "0177.0.0.1" and their full-width spellings are no host at all.
//   H2  A canonical name has small ASCII letters (IDNA applied), and no dot at its end.
import { type Address, parseAddress } from "./address.ts";

export type Host =
  | { readonly kind: "address"; readonly address: Address; readonly text: string }
  | { readonly kind: "name"; readonly text: string };

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const URL: new (text: string) => { readonly hostname: string };

/** UTF-16 units of a name before IDNA; 253 after it (RFC 1035 2.3.4). */
const MAX_NAME = 253;

/** Whatever would end the host within a URL, or be decoded there. */
const FOREIGN = /[\0-\x20"#%/:;<>?@[\\\]^`{|}\x7f-\xa0\u2028\u2029\ufeff]/;

const isLabel = (label: string): boolean => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label);

function hostnameOf(text: string): string | undefined {
  try {
    return new URL(`http://${text}/`).hostname.replace(/\.$/, "");
  } catch {
    return undefined;
  }
}

function nameOf(text: string): string | undefined {
  if (text === "" || text.length > MAX_NAME + 1 || FOREIGN.test(text) || !text.isWellFormed()) return undefined;
  const name = hostnameOf(text);
  if (name === undefined || name.length > MAX_NAME || parseAddress(name) !== undefined) return undefined;
  const labels = name.split(".");
  return labels.every(isLabel) && !/^[0-9]+$/.test(labels.at(-1) as string) ? name : undefined;
}

/** The host that a text names, or undefined. An IPv6 address has no brackets here. */
export function parseHost(alleged: unknown): Host | undefined {
  const address = parseAddress(alleged);
  if (address !== undefined) return { kind: "address", address, text: address.text };
  const text = typeof alleged === "string" ? nameOf(alleged) : undefined;
  return text === undefined ? undefined : { kind: "name", text };
}
