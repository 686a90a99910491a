// Keys: text, in the order of its code points, which is also the order of its bytes in UTF-8.
import { refuse } from "../refusal.ts";
import { MAX_KEY } from "./types.ts";

/** Refuses half characters, which are no text, and NUL, at which some stores would end. */
export function checkText(alleged: unknown, what: string): string {
  if (typeof alleged !== "string") return refuse("E_VALUE", `a ${what} of type ${typeof alleged}`);
  if (alleged.length > MAX_KEY) return refuse("E_VALUE", `a ${what} of more than ${MAX_KEY} characters`);
  if (!alleged.isWellFormed() || alleged.includes("\0")) return refuse("E_VALUE", `a ${what} that is no text`);
  return alleged;
}

export function checkKey(alleged: unknown): string {
  const key = checkText(alleged, "key");
  return key === "" ? refuse("E_VALUE", "an empty key") : key;
}

/** Surrogates come after all other units, as the characters that they are a part of do. */
const rank = (unit: number): number => {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
};

export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}
