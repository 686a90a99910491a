// TypeScript to JavaScript, in a domain that is thrown away: the stripper keeps state, and one hostile source must not
// break the next. It starts from an image of an engine that has read the stripper, and runs under the guest's limits.
import type { Domain } from "../kernel/index.ts";
import { ENGINE } from "../stdlib/abi.ts";
import { type Engine, now } from "./engine.ts";
import { makeError } from "./guest-error.ts";
import type { Limits } from "./limits.ts";
import { asError, fromEnding, NO_USAGE, type Result, type RunUsage } from "./result.ts";
import { decodeValue, encodeValue } from "./values.ts";

/** What a source is written in. */
export type Language = "auto" | "javascript" | "typescript";

export interface Stripped {
  readonly source: string;
  /** What it cost, of the run's own limits. */
  readonly usage: RunUsage;
}

/** What the name says; "auto" if it says nothing. */
export function languageOf(name: string | undefined): Language {
  if (name === undefined) return "auto";
  if (/\.[cm]?tsx?$/i.test(name)) return "typescript";
  return /\.[cm]?jsx?$/i.test(name) ? "javascript" : "auto";
}

/** The domain that strips, as its sandbox sees it. */
export type Helper = Pick<Domain, "end">;

const PAGE = 65_536; // bytes
/** Beyond the image: room for the tokens of a long source. */
const ROOM = 1_024; // pages

/** The position that the stripper puts behind its message: "Unexpected token (2:7)". */
const POSITION = / \((\d+):(\d+)\)$/;

/** A syntax error of the stripper as if the engine had found it. */
function syntaxError(thrown: Error, fileName: string): Error {
  const place = POSITION.exec(thrown.message);
  if (place === null || thrown.name !== "SyntaxError") return thrown;
  const [line, column] = [Number(place[1]), Number(place[2])];
  const message = thrown.message.slice(0, place.index);
  const stack = `    at ${fileName}:${line}:${column}`;
  return Object.assign(makeError(), { name: "SyntaxError", message, fileName, line, column, stack });
}

/** JavaScript whose lines, and as far as can be columns, are those of the source; or how stripping ended. */
export async function strip(
  engine: Engine,
  source: string,
  name: string,
  limits: Limits,
  onHelper: (helper: Helper) => void = () => undefined,
): Promise<Stripped | Result> {
  const { artifact, stripper } = engine.helpers;
  const image = await stripper();
  const pages = Math.max(Math.floor(limits.memory / PAGE), image.pages + ROOM);
  const spawned = engine.kernel.spawn(artifact, { limits: { pages, inFlight: 0 }, image });
  if (spawned.kind !== "returned") return { status: "exhausted", resource: "memory", usage: NO_USAGE, console: [] };
  const domain = spawned.value;
  domain.allow({ fuel: limits.fuel, calls: 0, bytes: Number.MAX_SAFE_INTEGER, deadline: now() + limits.wall });
  onHelper(domain);
  const start = now();
  const answer = await domain.request(ENGINE.CALL, encodeValue({ name: "strip", args: [source] }));
  const { fuel, memory, bytes } = domain.usage();
  const facts = { usage: { fuel, memory, bytes, calls: 0, wall: now() - start }, console: [] };
  domain.end();
  if (answer.kind === "ended") return fromEnding(answer.ending, facts);
  const value = decodeValue(answer.bytes);
  if (!answer.ok) return { status: "threw", error: syntaxError(asError(value), name), ...facts };
  return { source: typeof value === "string" ? value : "", usage: facts.usage };
}
