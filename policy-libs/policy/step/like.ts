// `like`: "*" is any run without "/", "**" any run, all else stands for itself. No backtracking: the set of places in
// the pattern that the text so far can have reached is one bit each, so a text costs its length times a bit per place.
import type { TextTest } from "../tree.ts";

const BITS = 32;

interface Compiled {
  readonly words: number;
  /** Places that a character leads into, from the one before. */
  readonly into: ReadonlyMap<number, Uint32Array>;
  /** Places that stay what they are on any character, and on any but "/". */
  readonly loops: Uint32Array;
  readonly loopsInside: Uint32Array;
  readonly last: number;
}

const setBit = (bits: Uint32Array, at: number): void => {
  bits[at >>> 5] = (bits[at >>> 5] as number) | (1 << (at & 31));
};

/** Place i: i literal characters have been matched. */
function compileLike(pattern: string): Compiled {
  const parts = pattern.split(/(\*+)/);
  const last = parts.reduce((sum, part, at) => sum + (at % 2 === 0 ? part.length : 0), 0);
  const words = Math.floor(last / BITS) + 1;
  const [loops, loopsInside] = [new Uint32Array(words), new Uint32Array(words)];
  const into = new Map<number, Uint32Array>();
  let place = 0;
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 1) {
      if (part.length > 1) setBit(loops, place);
      setBit(loopsInside, place);
      continue;
    }
    for (let i = 0; i < part.length; i++) {
      const unit = part.charCodeAt(i);
      const bits = into.get(unit) ?? new Uint32Array(words);
      into.set(unit, bits);
      place += 1;
      setBit(bits, place);
    }
  }
  return { words, into, loops, loopsInside, last };
}

const SLASH = 0x2f;

function matches({ words, into, loops, loopsInside, last }: Compiled, text: string): boolean {
  const reached = new Uint32Array(words);
  reached[0] = 1;
  const none = new Uint32Array(words);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const steps = into.get(unit) ?? none;
    const stays = unit === SLASH ? loops : loopsInside;
    let [carry, any] = [0, 0];
    for (let w = 0; w < words; w++) {
      const old = reached[w] as number;
      const now = (((old << 1) | carry) & (steps[w] as number)) | (old & (stays[w] as number));
      carry = old >>> 31;
      reached[w] = now;
      any |= now;
    }
    if (any === 0) return false;
  }
  return ((reached[last >>> 5] as number) & (1 << (last & 31))) !== 0;
}

/** Patterns with one "**" at an end, or none, are the common ones: a comparison of the host's does. */
function likeTest(pattern: string): (text: string) => boolean {
  if (!pattern.includes("*")) return (text) => text === pattern;
  const [head, tail] = [pattern.slice(2), pattern.slice(0, -2)];
  if (pattern.startsWith("**") && !head.includes("*")) return (text) => text.endsWith(head);
  if (pattern.endsWith("**") && !tail.includes("*")) return (text) => text.startsWith(tail);
  const compiled = compileLike(pattern);
  return (text) => matches(compiled, text);
}

function underTest(directory: string): (text: string) => boolean {
  const prefix = directory.endsWith("/") ? directory : `${directory}/`;
  return (text) => text.startsWith(prefix) || text === directory;
}

export function textTest(test: TextTest, operand: string): (text: string) => boolean {
  switch (test) {
    case "starts with":
      return (text) => text.startsWith(operand);
    case "ends with":
      return (text) => text.endsWith(operand);
    case "contains":
      return (text) => text.includes(operand);
    case "like":
      return likeTest(operand);
    case "under":
      return underTest(operand);
  }
}
