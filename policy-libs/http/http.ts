// The capability of http over any place, virtual or real: what a guest says is parsed, checked against the grants and
// charged here and in hop.ts; a place only exchanges.
import { type Signal, signal } from "../call.ts";
import { capability } from "../capability.ts";
import { account } from "../meter/index.ts";
import { DEFAULT_TIMEOUT, MAX_TIMEOUT } from "../net/contract.ts";
import { newDeadline } from "../net/deadline.ts";
import { newHoldings } from "../net/holdings.ts";
import type { Owner } from "../net/owner.ts";
import { newReach } from "../net/reach.ts";
import { bodyOf } from "./body.ts";
import { HTTP, type HttpGrant } from "./contract.ts";
import type { HttpEndpoint } from "./grants.ts";
import { type Fetching, type Hop, type Http, type HttpBounds, hop } from "./hop.ts";
import type { HttpPlace } from "./place.ts";
import { refuse } from "./refusal.ts";
import {
  type AllegedRequest,
  checkRequest,
  type HttpRequest,
  locationOf,
  MAX_REDIRECTS,
  redirected,
} from "./request.ts";
import { type HttpSecrets, newBoundary } from "./secrets.ts";

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

interface Asked extends AllegedRequest {
  readonly redirect?: "follow" | "error" | "manual" | undefined;
  readonly timeout?: number | undefined;
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
    ...{ status, statusText: boundary.scrubText(statusText), url: boundary.scrubText(request.url.text) },
    headers: boundary.scrubHeaders(headers),
    body: bodyOf({ inflow, holding, address, maxBody: bounds.maxBody, timeout, later: place.later, scrub }),
  };
}

/** A server may send a secret back in a Location, and a refusal quotes what it refuses. */
function scrubbed({ boundary }: Http, error: unknown): unknown {
  if (error instanceof Error) error.message = boundary.scrubText(error.message);
  return error;
}

async function fetch(http: Http, asked: Asked) {
  const owner: Owner = { spent: account(), gone: signal() };
  const timeout = Math.min(asked.timeout ?? DEFAULT_TIMEOUT, MAX_TIMEOUT);
  const request = checkRequest(asked);
  const deadline = newDeadline(http.place.later, timeout, owner.gone);
  const fetching: Fetching = { http, owner, deadline, timeout };
  try {
    return respond(fetching, await follow(fetching, request, asked.redirect));
  } catch (error) {
    throw scrubbed(http, error);
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
