// The capability of http over any place, virtual or real: what a guest says is parsed, checked against the grants and
// charged here; a place only exchanges.
//
// Invariants
//   F1  Every hop is checked as the first one: URL, method, grants, the address of its name. A redirect gains nothing.
//   F2  The address that was checked is the one that is connected to; a name is looked up once for each hop.
//   F3  A secret is put in for each hop anew, for that hop's host.
import { type Signal, signal } from "../call.ts";
import { capability } from "../capability.ts";
import { account } from "../meter/index.ts";
import type { Address } from "../net/address.ts";
import { newToll, type Toll } from "../net/charges.ts";
import { DEFAULT_TIMEOUT, MAX_TIMEOUT } from "../net/contract.ts";
import { type Deadline, newDeadline } from "../net/deadline.ts";
import { type Holding, type Holdings, newHoldings } from "../net/holdings.ts";
import type { Owner } from "../net/owner.ts";
import { newReach, type Reach } from "../net/reach.ts";
import { bodyOf } from "./body.ts";
import type { SourceGrant } from "./contract.ts";
import { HTTP, type HttpGrant } from "./contract.ts";
import { endpointsFor, type HttpEndpoint } from "./grants.ts";
import { sizeOf } from "./headers.ts";
import type { HttpPlace, Incoming, Outgoing, Pull } from "./place.ts";
import { refuse } from "./refusal.ts";
import {
  type AllegedRequest,
  checkRequest,
  type HttpRequest,
  isSource,
  locationOf,
  MAX_REDIRECTS,
  redirected,
} from "./request.ts";
import { type Boundary, type HttpSecrets, newBoundary } from "./secrets.ts";

export interface HttpBounds {
  /** Bytes of one body, of a request or of an answer. */
  readonly maxBody: number;
  /** Exchanges open at once. */
  readonly maxOpen: number;
}

export const DEFAULT_HTTP_BOUNDS: HttpBounds = { maxBody: 64 * 1024 * 1024, maxOpen: 64 };

export interface HttpOptions extends Partial<HttpBounds> {
  /** Undefined is everything, for virtual places. */
  readonly allow: readonly HttpEndpoint[] | undefined;
  readonly methods: ReadonlySet<string>;
  readonly secrets?: HttpSecrets | undefined;
  readonly secretsInBody?: boolean | undefined;
  /** Closes all that is open when it fires; nothing is opened after that. */
  readonly signal?: Signal | undefined;
}

interface Http {
  readonly place: HttpPlace;
  readonly allow: readonly HttpEndpoint[] | undefined;
  readonly methods: ReadonlySet<string>;
  readonly bounds: HttpBounds;
  readonly boundary: Boundary;
  readonly holdings: Holdings;
  readonly reach: Reach;
}

interface Asked extends AllegedRequest {
  readonly redirect?: "follow" | "error" | "manual" | undefined;
  readonly timeout?: number | undefined;
}

/** One call while it is under way. */
interface Fetching {
  readonly http: Http;
  readonly owner: Owner;
  readonly deadline: Deadline;
  readonly timeout: number;
}

/** Who waits for nobody at an address may be found at the next one. */
const ELSEWHERE: readonly unknown[] = ["E_REFUSED", "E_UNREACHABLE"];

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | null)?.code;

/** The guest's pieces, counted and paid for one by one. */
function pullFrom(source: SourceGrant, { http: { bounds } }: Fetching, toll: Toll): Pull {
  let total = 0;
  return async () => {
    // Whatever a guest's function throws is not this capability's word.
    const piece: unknown = await Promise.resolve(source.functions.read()).catch(() => undefined);
    if (!(piece instanceof Uint8Array)) return refuse("E_SOURCE");
    total += piece.length;
    if (total > bounds.maxBody) refuse("E_TOO_LARGE");
    await toll.ready();
    toll.pay(piece.length, 0);
    return piece;
  };
}

function outgoingOf(fetching: Fetching, request: HttpRequest, address: Address, toll: Toll): Outgoing {
  const { boundary, bounds } = fetching.http;
  const { url, method, body } = request;
  const sendable = boundary.reveal(request);
  const length = sendable.body?.length ?? 0;
  if (length > bounds.maxBody) refuse("E_TOO_LARGE");
  toll.pay(url.text.length + sizeOf(sendable.headers) + length, 0);
  const sent = isSource(body) ? pullFrom(body, fetching, toll) : sendable.body;
  return { url, address, method, headers: sendable.headers, body: sent };
}

async function exchangeAny(fetching: Fetching, request: HttpRequest, addresses: readonly Address[]) {
  const { http, owner, deadline } = fetching;
  let failure: unknown;
  for (const address of addresses) {
    const toll = newToll(owner.spent, address);
    await deadline.race(toll.ready());
    const { made, cancel } = http.place.exchange(outgoingOf(fetching, request, address, toll));
    try {
      const incoming = await deadline.race(made, cancel);
      return { incoming, address, toll };
    } catch (error) {
      failure = error;
      if (!ELSEWHERE.includes(codeOf(error)) || isSource(request.body)) break;
    }
  }
  throw failure;
}

async function find({ http, deadline }: Fetching, { url, method }: HttpRequest): Promise<readonly Address[]> {
  if (!http.methods.has(method)) refuse("E_NOT_GRANTED", method);
  const endpoints = http.allow && endpointsFor(http.allow, url);
  const { addresses } = await http.reach.find(url.host, url.port, endpoints, deadline);
  return addresses;
}

interface Hop {
  readonly request: HttpRequest;
  readonly incoming: Incoming;
  readonly address: Address;
  readonly holding: Holding;
}

async function hop(fetching: Fetching, request: HttpRequest): Promise<Hop> {
  const { http, owner } = fetching;
  const addresses = await find(fetching, request);
  const holding = http.holdings.reserve("outSockets", owner);
  try {
    const { incoming, address, toll } = await exchangeAny(fetching, request, addresses);
    holding.fill(() => incoming.body.cancel());
    toll.pay(0, incoming.statusText.length + sizeOf(incoming.headers));
    return { request, incoming, address, holding };
  } catch (error) {
    holding.end();
    throw error;
  }
}

/** Follows redirects until somebody answers. */
async function follow(fetching: Fetching, first: HttpRequest, redirect: Asked["redirect"]): Promise<Hop> {
  let request = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const done = await hop(fetching, request);
    try {
      const { status, headers } = done.incoming;
      const location = redirect === "manual" ? undefined : locationOf(status, headers);
      if (location === undefined) return done;
      if (redirect === "error") refuse("E_REDIRECT");
      request = redirected(request, status, location);
    } catch (error) {
      done.holding.end();
      throw error;
    }
    done.holding.end();
  }
  return refuse("E_REDIRECT", "too many");
}

function respond({ http, timeout }: Fetching, { request, incoming, address, holding }: Hop) {
  const { boundary, place, bounds } = http;
  const { status, statusText, headers, body: inflow } = incoming;
  const scrub = boundary.scrubBody();
  return {
    ...{ status, statusText: boundary.scrubText(statusText), url: request.url.text },
    headers: boundary.scrubHeaders(headers),
    body: bodyOf({ inflow, holding, address, maxBody: bounds.maxBody, timeout, later: place.later, scrub }),
  };
}

async function fetch(http: Http, asked: Asked) {
  const owner: Owner = { spent: account(), gone: signal() };
  const timeout = Math.min(asked.timeout ?? DEFAULT_TIMEOUT, MAX_TIMEOUT);
  const request = checkRequest(asked);
  const deadline = newDeadline(http.place.later, timeout, owner.gone);
  const fetching: Fetching = { http, owner, deadline, timeout };
  try {
    return respond(fetching, await follow(fetching, request, asked.redirect));
  } finally {
    deadline.done();
  }
}

/** Grants http over a place. */
export function httpOf(place: HttpPlace, options: HttpOptions): HttpGrant {
  const { allow, methods, secrets, secretsInBody = false, signal: until, ...given } = options;
  const bounds = { ...DEFAULT_HTTP_BOUNDS, ...given };
  const http: Http = {
    ...{ place, allow, methods, bounds },
    boundary: newBoundary(secrets, secretsInBody),
    holdings: newHoldings(bounds.maxOpen, until),
    reach: newReach((name) => place.lookup(name)),
  };
  return capability(HTTP, { fetch: (asked) => fetch(http, asked) });
}
