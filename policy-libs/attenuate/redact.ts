// Redaction: what should not be read is masked, in results and if wished in arguments.
//
// Invariants
//   D1  What is masked still fits the contract; what would not is not delivered, E_DENIED. A capability in a masked
//       field does not come through.
//   D2  A rule that throws masks nothing and delivers nothing: E_DENIED.
//   D3  Text is searched as far as `longest`; what is longer is masked whole.
// Not promised: a secret that comes in pieces, or spelled otherwise (Base64, UTF-16). Bytes are searched as Latin-1, so
// patterns of ASCII are found in them. Take reading in pieces away with `only`.
import type { Granted } from "../capability.ts";
import { checkBound } from "./clock.ts";
import { type Path, rebuild } from "./copy.ts";
import { dropped } from "./dropped.ts";
import { bytesOf } from "./equal.ts";
import { fitsArguments, fitsResult } from "./fits.ts";
import { type Args, type Around, after, type Crossing, membrane } from "./membrane.ts";
import { deny } from "./refusal.ts";

/**
 * A field of records by its name, with all that is in it; text that matches, wherever it is; or what a function makes of
 * every value (the same value: nothing). `mask` is what stands there then. A RegExp is the embedder's own: one that
 * takes exponential time on some text takes it here.
 */
export type RedactRule =
  | { readonly field: string | RegExp; readonly mask?: unknown }
  | { readonly text: RegExp; readonly mask?: string }
  | ((value: unknown, path: Path) => unknown);

/** Where redaction looks, and how far. */
export interface RedactOptions {
  /** Default: true. */
  readonly results?: boolean;
  /** Default: false. */
  readonly arguments?: boolean;
  /** UTF-16 units of one text, or bytes, that are searched. Default: 1 MiB. */
  readonly longest?: number;
}

const MASK = "[redacted]";

type Change = (value: unknown, path: Path) => unknown;

/** What stands in the place of a value of a kind, where no mask was given. */
function blank(value: unknown): unknown {
  if (typeof value === "string") return MASK;
  if (typeof value === "number") return 0;
  if (typeof value === "bigint") return 0n;
  if (typeof value === "boolean") return false;
  if (value instanceof Uint8Array) return new Uint8Array(0);
  return Array.isArray(value) ? [] : null;
}

function fieldChange(field: string | RegExp, mask: unknown): Change {
  const isNamed = typeof field === "string" ? (key: string) => key === field : (key: string) => fresh(field).test(key);
  return (value, path) => {
    const key = path.at(-1);
    if (typeof key !== "string" || !isNamed(key) || value === undefined) return value;
    return mask === undefined ? blank(value) : mask;
  };
}

/** Neither position nor stickiness of the embedder's own object decides what is found. */
const fresh = (pattern: RegExp): RegExp => new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, "")}g`);

const CHUNK = 8_192;

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return text;
}

function textChange(
  pattern: RegExp,
  mask: string,
  longest: number,
): { text: (text: string) => string; change: Change } {
  const text = (given: string): string => (given.length > longest ? mask : given.replace(fresh(pattern), () => mask));
  const change: Change = (value) => {
    if (typeof value === "string") return text(value);
    const bytes = bytesOf(value);
    if (bytes === undefined) return value;
    const before = bytes.length > longest ? undefined : latin1(bytes);
    const masked = before === undefined ? mask : text(before);
    // A view of other numbers than bytes has no place for a mask: what is found there is not delivered.
    if (masked === before) return value;
    return value instanceof Uint8Array
      ? Uint8Array.from(masked, (unit) => unit.charCodeAt(0) & 0xff)
      : deny("E_DENIED");
  };
  return { text, change };
}

interface Redactor {
  readonly changes: readonly Change[];
  readonly texts: readonly ((text: string) => string)[];
}

function readRules(rules: readonly RedactRule[], longest: number): Redactor {
  const changes: Change[] = [];
  const texts: ((text: string) => string)[] = [];
  for (const rule of rules) {
    if (typeof rule === "function") changes.push(rule);
    else if ("field" in rule) changes.push(fieldChange(rule.field, rule.mask));
    else {
      if (!(rule.text instanceof RegExp)) throw new TypeError("a rule is { field }, { text: RegExp } or a function");
      const { text, change } = textChange(rule.text, rule.mask ?? MASK, longest);
      changes.push(change);
      texts.push(text);
    }
  }
  return { changes, texts };
}

function redacted<T>({ changes, texts }: Redactor, value: T): T {
  const change: Change = (given, path) => changes.reduce((now, rule) => rule(now, path), given);
  const key = (name: string): string => texts.reduce((now, text) => text(now), name);
  try {
    return rebuild(value, { value: change, key }) as T;
  } catch {
    return deny("E_DENIED");
  }
}

type Coded = Error & { readonly code?: unknown };

/** Of an error name, message and code remain. */
function redactedError(redactor: Redactor, error: unknown): unknown {
  if (!(error instanceof Error)) return redacted(redactor, error);
  const { name, code } = error as Coded;
  const { message } = redacted(redactor, { message: error.message });
  return Object.assign(new Error(String(message)), { name }, code === undefined ? {} : { code });
}

/** Masks what goes out through the membrane, into the hands of whoever asked. */
const maskResult =
  (redactor: Redactor): Around =>
  ({ contract, call, args }, next) =>
    after(
      () => next(args),
      (value) => {
        let masked: unknown;
        try {
          masked = redacted(redactor, value);
          return fitsResult(contract, call, masked) ? masked : deny("E_DENIED");
        } catch (error) {
          masked = undefined;
          throw error;
        } finally {
          // What was masked away is held by nobody.
          dropped(value, masked);
        }
      },
      (error) => {
        throw redactedError(redactor, error);
      },
    );

function maskedArgs(redactor: Redactor, { contract, call, args }: Crossing): Args {
  const masked = redacted(redactor, args);
  return fitsArguments(contract, call, masked) ? masked : deny("E_DENIED");
}

const maskArguments =
  (redactor: Redactor): Around =>
  (crossing, next) =>
    next(maskedArgs(redactor, crossing));

const both =
  (outer: Around, inner: Around): Around =>
  (crossing, next) =>
    outer(crossing, (args) => inner({ ...crossing, args }, next));

const pass: Around = ({ args }, next) => next(args);

/** The capability with results, or arguments, in which the rules have masked something. */
export function redact<G extends Granted>(
  granted: G,
  rules: readonly RedactRule[],
  { results = true, arguments: ofArguments = false, longest = 1 << 20 }: RedactOptions = {},
): G {
  const redactor = readRules(rules, checkBound(longest, "longest"));
  const [down, up] = [maskArguments(redactor), maskResult(redactor)];
  // What the inside says to what it was given goes out as well, and what that answers comes in.
  return membrane(granted, {
    around: both(results ? up : pass, ofArguments ? down : pass),
    back: both(ofArguments ? up : pass, results ? down : pass),
  });
}
