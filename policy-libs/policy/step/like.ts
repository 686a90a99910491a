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

/** What a pattern asks, as simply as it can be said. */
export type Shape =
  | { readonly kind: "equals" | "starts" | "ends" | "contains"; readonly text: string }
  | { readonly kind: "like"; readonly pieces: readonly Piece[]; readonly test: (text: string) => boolean };
/** What must stand in a text that matches. */
export interface Piece {
  readonly kind: "starts" | "ends" | "contains";
  readonly text: string;
}

const pieceKind = (at: number, last: number): Piece["kind"] =>
  at === 0 ? "starts" : at === last ? "ends" : "contains";

function likeShape(pattern: string): Shape {
  const parts = pattern.split(/(\*+)/);
  const [head, stars, tail] = parts as [string, string?, string?];
  if (stars === undefined) return { kind: "equals", text: head };
  if (parts.length === 3 && stars.length > 1 && tail === "") return { kind: "starts", text: head };
  if (parts.length === 3 && stars.length > 1 && head === "") return { kind: "ends", text: tail as string };
  const isInside =
    parts.length === 5 && head === "" && parts[4] === "" && stars.length > 1 && (parts[3] as string).length > 1;
  if (isInside) return { kind: "contains", text: tail as string };
  const compiled = compileLike(pattern);
  const pieces = parts
    .map((text, at) => ({ kind: pieceKind(at, parts.length - 1), text, isStars: at % 2 === 1 }))
    .filter(({ text, isStars }) => !isStars && text !== "");
  return { kind: "like", pieces, test: (text) => matches(compiled, text) };
}

/** Of all tests of texts but `under`, which asks two things: see under in texts.ts. */
export function shapeOf(test: Exclude<TextTest, "under">, text: string): Shape {
  switch (test) {
    case "starts with":
      return { kind: "starts", text };
    case "ends with":
      return { kind: "ends", text };
    case "contains":
      return { kind: "contains", text };
    case "like":
      return likeShape(text);
  }
}
