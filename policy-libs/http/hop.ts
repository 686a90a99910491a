// One request and its answer: checked, charged and held as every hop is, the first as those that redirects ask for.
//
// Invariants
//   F1  Every hop is checked as the first one: URL, method, grants, the address of its name. A redirect gains nothing.
//   F2  The address that was checked is the one that is connected to; a name is looked up once for each hop.
//   F3  A secret is put in for each hop anew, for that hop's host.
import type { Address } from "../net/address.ts";
import { newToll, type Toll } from "../net/charges.ts";
import type { Deadline } from "../net/deadline.ts";
import type { Holding, Holdings } from "../net/holdings.ts";
import type { Owner } from "../net/owner.ts";
import type { Reach } from "../net/reach.ts";
import type { SourceGrant } from "./contract.ts";
import { endpointsFor, type HttpEndpoint } from "./grants.ts";
import { sizeOf } from "./headers.ts";
import type { HttpPlace, Incoming, Outgoing, Pull } from "./place.ts";
import { refuse } from "./refusal.ts";
import { type HttpRequest, isSource } from "./request.ts";
import type { Boundary } from "./secrets.ts";

export interface HttpBounds {
  /** Bytes of one body, of a request or of an answer. */
  readonly maxBody: number;
  /** Exchanges open at once. */
  readonly maxOpen: number;
}

/** What the calls of one grant share. */
export interface Http {
  readonly place: HttpPlace;
  readonly allow: readonly HttpEndpoint[] | undefined;
  readonly methods: ReadonlySet<string>;
  readonly bounds: HttpBounds;
  readonly boundary: Boundary;
  readonly holdings: Holdings;
  readonly reach: Reach;
}

/** One call while it is under way. */
export interface Fetching {
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

export interface Hop {
  readonly request: HttpRequest;
  readonly incoming: Incoming;
  readonly address: Address;
  readonly holding: Holding;
}

/** Sends one request to where it points, and no further. */
export async function hop(fetching: Fetching, request: HttpRequest): Promise<Hop> {
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
