// HTTP requests, to some of the hosts, ports and paths that were granted: what hosts.ts is for http. The grammar is that
// of http/grants.ts, the parser of URLs that of http.
//
// Invariants
//   W1  Each request is asked of the base by the URL that was parsed and checked here, and is checked there again: what
//       this list and the base's own both allow is allowed, and nothing else.
//   W2  The base follows no redirect. Each is followed here, by http's own rules, and checked as the first request.
//   W3  Nobody keeps the answer of a redirect that was followed, or one that came too late: what it holds is closed.
//   W4  Redirects do not make the time longer that a guest may wait for an answer.
// Which addresses a name may have is the base's to judge: only it looks names up. A base that grants a private address
// reaches it by every listed name that leads there. A request that is too late is not waited for, but the base ends it
// only when its own time is over.
// Trust
//   Trusts http/grants.ts, http/request.ts, http/url.ts and net/grants.ts. Trusted by hosts.ts.
import { checkAlive } from "../abort.ts";
import { HTTP } from "../http/contract.ts";
import { endpointsFor, type HttpEndpoint, parseHttpGrants } from "../http/grants.ts";
import { checkHeaders, type Header } from "../http/headers.ts";
import { refuse } from "../http/refusal.ts";
import {
  type AllegedRequest,
  checkRequest,
  type HttpRequest,
  locationOf,
  MAX_REDIRECTS,
  redirected,
} from "../http/request.ts";
import { DEFAULT_TIMEOUT, MAX_TIMEOUT } from "../net/contract.ts";
import { newDeadline } from "../net/deadline.ts";
import { mayReach } from "../net/grants.ts";
import { REAL_CLOCK } from "./clock.ts";
import { dropped } from "./dropped.ts";
import type { Around, Next } from "./membrane.ts";
import { deny } from "./refusal.ts";
import { scope } from "./scope.ts";

interface Asked extends AllegedRequest {
  readonly redirect?: "follow" | "error" | "manual" | undefined;
  readonly timeout?: number | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: readonly Header[];
}

type Ask = (request: HttpRequest, redirect: "error" | "manual") => unknown;

/** As http reads it, but without the type that http gives a text: the base will, and counts headers before that. */
const readRequest = (asked: Asked): HttpRequest => ({
  ...checkRequest(asked),
  headers: checkHeaders(asked.headers ?? []),
});

function checkReach(allowed: readonly HttpEndpoint[], { url }: HttpRequest): void {
  const { host, port } = url;
  if (!mayReach(endpointsFor(allowed, url), { host, port })) refuse("E_NOT_GRANTED", host);
}

/** The request that this answer asks for; undefined if it asks for none. */
function nextRequest(request: HttpRequest, { status, headers }: Answer): HttpRequest | undefined {
  const small = headers.map(([name, value]): Header => [name.toLowerCase(), value]);
  const location = locationOf(status, small);
  return location === undefined ? undefined : redirected(request, status, location);
}

/** Follows redirects until somebody answers. */
async function follow(first: HttpRequest, ask: Ask, timeout = DEFAULT_TIMEOUT): Promise<unknown> {
  const { run, signal } = scope();
  const deadline = newDeadline(REAL_CLOCK.after, Math.min(timeout, MAX_TIMEOUT), signal);
  const answerTo = (request: HttpRequest): Promise<Answer> => {
    checkAlive(signal);
    const answer = Promise.resolve(run(() => ask(request, "manual")) as Answer);
    return deadline.race(answer, () => void answer.then(dropped, () => undefined));
  };
  try {
    return await followAll(first, answerTo);
  } finally {
    deadline.done();
  }
}

async function followAll(first: HttpRequest, answerTo: (request: HttpRequest) => Promise<Answer>): Promise<Answer> {
  let request = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const answer = await answerTo(request);
    let isKept = false;
    try {
      const following = nextRequest(request, answer);
      isKept = following === undefined;
      if (following === undefined) return answer;
      request = following;
    } finally {
      if (!isKept) dropped(answer);
    }
  }
  return refuse("E_REDIRECT", "too many");
}

function fetchWithin(allowed: readonly HttpEndpoint[], asked: Asked, next: Next): unknown {
  const { redirect, timeout } = asked;
  const ask: Ask = (request, way) => {
    checkReach(allowed, request);
    const { url, ...rest } = request;
    return next([{ ...rest, url: url.text, redirect: way, timeout }]);
  };
  const request = readRequest(asked);
  return redirect === "error" || redirect === "manual" ? ask(request, redirect) : follow(request, ask, timeout);
}

/** What becomes of the calls of http, and of all that comes through it, under such a list. */
export function httpWithin(list: readonly string[]): Around {
  const allowed = parseHttpGrants(list);
  return ({ contract, call, args }, next) => {
    if (contract.form !== HTTP.form) return next(args);
    return call === "fetch" ? fetchWithin(allowed, { ...(args[0] as Asked) }, next) : deny("E_DENIED");
  };
}
