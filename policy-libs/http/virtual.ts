// HTTP as a capability without a network: a function of the embedder answers.
import type { Signal } from "../call.ts";
import type { Later } from "../net/deadline.ts";
import type { Attempt } from "../net/place.ts";
import type { HttpGrant } from "./contract.ts";
import { METHODS, parseHttpGrants, parseMethods } from "./grants.ts";
import type { Header } from "./headers.ts";
import type { HttpBounds } from "./hop.ts";
import { httpOf } from "./http.ts";
import { type Flow, newFlow } from "./inflow.ts";
import type { HttpPlace, Incoming, Outgoing, Pull } from "./place.ts";
import { httpError } from "./refusal.ts";
import type { HttpSecrets } from "./secrets.ts";

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const setTimeout: (task: () => void, ms: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** A request, as a handler sees it. */
export interface VirtualRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly Header[];
  /** The whole of it. */
  readonly body: Uint8Array;
}

/** An answer, as a handler gives it. */
export interface VirtualResponse {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: readonly Header[];
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** Answers requests in place of a server. */
export type VirtualHandler = (request: VirtualRequest) => VirtualResponse | Promise<VirtualResponse>;

/** What may be requested, and how much at once. */
export interface VirtualHttpOptions extends Partial<HttpBounds> {
  /** As for the real one; without it everything is granted. */
  readonly allow?: readonly string[];
  readonly methods?: readonly string[];
  readonly secrets?: HttpSecrets;
  /** Put secrets into bodies that are text, too. */
  readonly secretsInBody?: boolean;
  /** Addresses of names. Without it every name has one and the same public address. */
  readonly resolver?: (name: string) => Promise<readonly string[]>;
  /** Runs a task after so many milliseconds: for timeouts. Default: the host's timer. */
  readonly later?: Later;
  readonly signal?: Signal;
}

const BUFFER = 65_536;
/** Nothing is ever sent there. */
const SOME_ADDRESS = ["1.1.1.1"];

const hostTimer: Later = (ms, task) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

async function pullAll(pull: Pull): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let piece = await pull(); piece.length > 0; piece = await pull()) pieces.push(piece);
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

interface Pace {
  isCancelled: boolean;
  /** Set while the buffer is full. */
  full: Promise<void> | undefined;
  go: () => void;
}

async function pour(body: AsyncIterable<Uint8Array>, flow: Flow, pace: Pace): Promise<void> {
  try {
    for await (const piece of body) {
      // Leaving the loop ends the handler's iteration.
      if (pace.isCancelled) return;
      flow.push(piece);
      await pace.full;
    }
    flow.end("ended");
  } catch {
    flow.end(httpError("E_CLOSED_REMOTE"));
  }
}

function flowOf(body: NonNullable<VirtualResponse["body"]>): Flow {
  const pace: Pace = { isCancelled: false, full: undefined, go: () => undefined };
  const resume = (): void => {
    pace.full = undefined;
    pace.go();
  };
  const flow = newFlow({
    maxBuffer: BUFFER,
    pause() {
      pace.full = new Promise((resolve) => {
        pace.go = resolve;
      });
    },
    resume,
    cancel() {
      pace.isCancelled = true;
      resume();
    },
  });
  if (typeof body === "string" || body instanceof Uint8Array) {
    flow.push(typeof body === "string" ? new TextEncoder().encode(body) : body);
    flow.end("ended");
  } else void pour(body, flow, pace);
  return flow;
}

async function answer(handler: VirtualHandler, { url, method, headers, body }: Outgoing): Promise<Incoming> {
  const whole = typeof body === "function" ? await pullAll(body) : (body ?? new Uint8Array(0));
  const response = await handler({ url: url.text, method, headers, body: whole });
  const { status = 200, statusText = "", headers: given = [], body: content = "" } = response;
  const { inflow } = flowOf(method === "HEAD" ? "" : content);
  return { status, statusText, headers: given.map(([name, value]) => [name.toLowerCase(), value]), body: inflow };
}

function exchange(handler: VirtualHandler, outgoing: Outgoing): Attempt<Incoming> {
  let reject = (_error: Error): void => undefined;
  const answered = answer(handler, outgoing);
  const made = new Promise<Incoming>((resolve, fail) => {
    reject = fail;
    answered.then(resolve, fail);
  });
  const cancel = (): void => {
    reject(httpError("E_TIMEOUT"));
    answered.then(({ body }) => body.cancel()).catch(() => undefined);
  };
  return { made, cancel };
}

/** Grants http whose requests this function answers. What it throws is an answer that never came. */
export function virtualHttp(handler: VirtualHandler, options: VirtualHttpOptions = {}): HttpGrant {
  const { allow, methods = METHODS, resolver = async () => SOME_ADDRESS, later = hostTimer, ...rest } = options;
  const answering: VirtualHandler = async (request) => {
    try {
      return await handler(request);
    } catch {
      throw httpError("E_CLOSED_REMOTE");
    }
  };
  const place: HttpPlace = { lookup: resolver, exchange: (outgoing) => exchange(answering, outgoing), later };
  return httpOf(place, { ...rest, allow: allow && parseHttpGrants(allow), methods: parseMethods(methods) });
}
