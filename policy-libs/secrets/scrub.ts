// Takes values of secrets out of what goes back to the guest: a service may echo what it was sent.
//
// Invariants
//   C1  What comes out has no value in it, in no form that forms.ts knows, whatever pieces the text came in: what could
//       be the beginning of a value is kept back until it is known.
//   C2  Only such a beginning is kept back: a stream whose pieces have no part of a secret is never delayed.
import { binaryOf, type Form, formsOf } from "./forms.ts";

interface Pattern {
  readonly value: string;
  readonly placeholder: string;
}

/** Bytes of a stream, scrubbed as they come. */
export interface ScrubbedStream {
  push(bytes: Uint8Array): Uint8Array;
  /** What was kept back. */
  end(): Uint8Array;
}

export interface Scrubber {
  /** The text with placeholders in place of values, in any form that is known. */
  scrub(text: string): string;
  scrubBytes(bytes: Uint8Array): Uint8Array;
  scrubStream(): ScrubbedStream;
}

interface Candidate {
  readonly form: Form;
  readonly placeholder: string;
}

/** Candidates by the first character that they may have. */
type Index = ReadonlyMap<string, readonly Candidate[]>;

function indexOf(patterns: readonly Pattern[], isBinary: boolean): Index {
  const index = new Map<string, Candidate[]>();
  for (const { value, placeholder } of patterns) {
    for (const form of formsOf(value, isBinary)) {
      const firsts = new Set((form[0] ?? []).flatMap((spelling) => [...(spelling[0] ?? "")]));
      for (const first of firsts) index.set(first, [...(index.get(first) ?? []), { form, placeholder }]);
    }
  }
  return index;
}

/** The text does not go on like this, or ends where it still could. */
const [NO, UNDECIDED] = [-1, -2];

function spellingEnd(spelling: readonly string[], text: string, at: number): number {
  for (let i = 0; i < spelling.length; i++) {
    if (at + i === text.length) return UNDECIDED;
    if (!(spelling[i] as string).includes(text.charAt(at + i))) return NO;
  }
  return at + spelling.length;
}

/** Where the character that is spelled here ends. At most one spelling fits (F1 of forms.ts). */
function pieceEnd(piece: Form[number], text: string, at: number): number {
  let result = NO;
  for (const spelling of piece) {
    const end = spellingEnd(spelling, text, at);
    if (end >= 0) return end;
    if (end === UNDECIDED) result = UNDECIDED;
  }
  return result;
}

/** Where the form that begins here ends. */
function formEnd(form: Form, text: string, from: number): number {
  let at = from;
  for (const piece of form) {
    at = pieceEnd(piece, text, at);
    if (at < 0) return at;
  }
  return at;
}

interface Scrubbed {
  readonly text: string;
  /** Where what is undecided begins. */
  readonly end: number;
}

function scrub(index: Index, text: string, isLast: boolean): Scrubbed {
  let [out, clean, at] = ["", 0, 0];
  while (at < text.length) {
    const candidates = index.get(text.charAt(at));
    let [end, placeholder] = [at, ""];
    for (const candidate of candidates ?? []) {
      const found = formEnd(candidate.form, text, at);
      if (found === UNDECIDED && !isLast) return { text: out + text.slice(clean, at), end: at };
      // The longest: one value may begin with another.
      if (found > end) [end, placeholder] = [found, candidate.placeholder];
    }
    if (end > at) {
      out += text.slice(clean, at) + placeholder;
      clean = end;
    }
    at = Math.max(end, at + 1);
  }
  return { text: out + text.slice(clean), end: text.length };
}

const bytesOf = (binary: string): Uint8Array => {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
};

function streamOf(index: Index): ScrubbedStream {
  let kept = "";
  function next(text: string, isLast: boolean): Uint8Array {
    const { text: out, end } = scrub(index, text, isLast);
    kept = text.slice(end);
    return bytesOf(out);
  }
  return { push: (bytes) => next(kept + binaryOf(bytes), false), end: () => next(kept, true) };
}

export function newScrubber(patterns: readonly Pattern[]): Scrubber {
  const [ofText, ofBytes] = [indexOf(patterns, false), indexOf(patterns, true)];
  return {
    scrub: (text) => scrub(ofText, text, true).text,
    scrubBytes: (bytes) => bytesOf(scrub(ofBytes, binaryOf(bytes), true).text),
    scrubStream: () => streamOf(ofBytes),
  };
}
