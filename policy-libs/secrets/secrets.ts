// Secrets that a guest may use and never see: it holds a placeholder, and the boundary puts the value in its place.
//
// Invariants
//   S1  The guest's side knows names and placeholders. A value leaves only by reveal(), for a host that it was granted
//       for, and by keyOf(), if it was granted for HMAC.
//   S2  A text with a placeholder that may not be revealed is refused as a whole: nothing of it goes out.
//   S3  Values are in closures only: no property, no message and no inspection of what secrets() returns has one.
//   S4  scrub() leaves no value in a text, nor a form of one that scrub.ts knows.
// Not promised: that a host which was sent a secret does not send it back in a form of its own making.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { refuse } from "../refusal.ts";
import { SECRETS } from "./contract.ts";
import { newScrubber, type Scrubber } from "./scrub.ts";

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const crypto: { getRandomValues<T extends Uint8Array>(bytes: T): T };

/** A secret's value, and where it may go. */
export interface SecretOptions {
  readonly value: string;
  /** Hosts that may learn it: names as URLs have them, without port. */
  readonly hosts?: readonly string[] | undefined;
  /** It may be the key of an HMAC: the guest never sees it, but can have anything signed with it. Default: false. */
  readonly hmac?: boolean | undefined;
}

export interface SecretsPlace {
  names(): string[];
  /** What stands for the secret in what the guest sends. The same each time. */
  use(name: string): string;
}

/** For who carries a guest's words over a boundary. */
export interface SecretsBoundary extends Scrubber {
  /** The text with values in place of placeholders; refused with E_NOT_GRANTED if one is not for this host. */
  reveal(text: string, host: string): string;
  /** The value for which this whole text stands, if it may be a key; undefined if it is no placeholder. */
  keyOf(text: string): string | undefined;
}

interface Secret {
  readonly name: string;
  readonly value: string;
  readonly hosts: ReadonlySet<string>;
  readonly isKey: boolean;
}

const MOST_SECRETS = 64;
/** Of all values together, in UTF-16 units. */
const MOST_TOTAL = 16_384;
const MOST_HOSTS = 1_000;
/** Of a value, in UTF-16 units. What is shorter than the least can be guessed, and stands in ordinary text by chance. */
const [LEAST_VALUE, MOST_VALUE] = [8, 4_096];
const PREFIX = "cordon-secret-";
/** 128 random bits: nobody guesses the placeholder of another guest. */
const PLACEHOLDER = /cordon-secret-[0-9a-f]{32}/g;

/** Of ASCII only: toLowerCase makes a "k" of the Kelvin sign, which is another name. */
const lowerCase = (host: string): string => host.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

function newPlaceholder(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return PREFIX + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Messages name the secret and never quote its value. */
function checkSecret(name: string, { value, hosts = [], hmac = false }: SecretOptions): Secret {
  if (!/^[A-Za-z_][\w.-]{0,99}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a secret`);
  if (typeof value !== "string" || value.length < LEAST_VALUE || value.length > MOST_VALUE || !value.isWellFormed()) {
    throw new TypeError(`the value of ${name} must be text of ${LEAST_VALUE} to ${MOST_VALUE} characters`);
  }
  const isHost = (host: unknown): boolean => typeof host === "string" && /^[^\s/@?#]{1,255}$/.test(host);
  if (!Array.isArray(hosts) || hosts.length > MOST_HOSTS || !hosts.every(isHost)) {
    throw new TypeError(`hosts of ${name} must be a list of host names`);
  }
  if (typeof hmac !== "boolean") throw new TypeError(`hmac of ${name} must be true or false`);
  return { name, value, hosts: new Set(hosts.map(lowerCase)), isKey: hmac };
}

export function secretsPlace(options: Readonly<Record<string, SecretOptions>>): SecretsPlace & SecretsBoundary {
  const secrets = Object.entries(options).map(([name, option]) => checkSecret(name, option));
  if (secrets.length > MOST_SECRETS) throw new TypeError(`at most ${MOST_SECRETS} secrets`);
  if (secrets.reduce((total, { value }) => total + value.length, 0) > MOST_TOTAL) {
    throw new TypeError(`values of at most ${MOST_TOTAL} characters together`);
  }
  const byPlaceholder = new Map(secrets.map((secret) => [newPlaceholder(), secret]));
  const byName = new Map([...byPlaceholder].map(([placeholder, { name }]) => [name, placeholder]));
  const valueFor = (secret: Secret, isGranted: boolean, what: string): string =>
    isGranted ? secret.value : refuse("E_NOT_GRANTED", `${secret.name} is not granted for ${what}`);

  function reveal(text: string, host: string): string {
    const name = lowerCase(host);
    // One pass: a value that looks like a placeholder is not looked into.
    return text.replace(PLACEHOLDER, (placeholder) => {
      const secret = byPlaceholder.get(placeholder);
      return secret === undefined ? placeholder : valueFor(secret, secret.hosts.has(name), JSON.stringify(name));
    });
  }
  function keyOf(text: string): string | undefined {
    const secret = byPlaceholder.get(text);
    return secret === undefined ? undefined : valueFor(secret, secret.isKey, "keys of HMAC");
  }
  const patterns = [...byPlaceholder].map(([placeholder, { value }]) => ({ value, placeholder }));
  return Object.freeze({
    names: () => [...byName.keys()],
    use: (name: string) => byName.get(name) ?? refuse("E_NOT_GRANTED", "no secret of this name is granted"),
    reveal,
    keyOf,
    ...newScrubber(patterns),
  });
}

/** What the guest is granted, and what carriers of its words need. */
export interface Secrets extends SecretsBoundary {
  /** What the guest gets. */
  readonly granted: GrantedOf<typeof SECRETS>;
}

/** Secrets for one guest. The rest of the result is for who carries its words: http({ secrets }), digest({ secrets }). */
export function secrets(options: Readonly<Record<string, SecretOptions>>): Secrets {
  const { names, use, ...boundary } = secretsPlace(options);
  return Object.freeze({ granted: capability(SECRETS, { names, use }), ...boundary });
}
