// The body of an answer as a capability, over any place's inflow.
//
// Invariants
//   B1  Every byte is charged before it is handed on.
//   B2  The exchange ends with its body: at its end, when it is cancelled, when it is too large, when nobody reads it
//       for as long as the server may keep the guest waiting, and with the guest.

import { signal } from "../call.ts";
import { capability } from "../capability.ts";
import { account } from "../meter/index.ts";
import type { Address } from "../net/address.ts";
import { newByteQueue } from "../net/bytes.ts";
import { newToll, type Toll } from "../net/charges.ts";
import { MAX_TRANSFER } from "../net/contract.ts";
import type { Later } from "../net/deadline.ts";
import type { Holding } from "../net/holdings.ts";
import { type Line, newLine } from "../net/line.ts";
import { whenUnused } from "../unused.ts";
import { BODY, type BodyGrant, DEFAULT_WHOLE, MAX_WHOLE } from "./contract.ts";
import type { Inflow } from "./place.ts";
import { httpError, refuse } from "./refusal.ts";
import type { Scrub } from "./secrets.ts";

declare const TextDecoder: new (label: string) => { decode(bytes: Uint8Array): string };

export interface BodyOptions {
  readonly inflow: Inflow;
  /** Ends with the exchange; not filled yet. */
  readonly holding: Holding;
  readonly address: Address;
  readonly maxBody: number;
  /** Milliseconds for every wait. */
  readonly timeout: number;
  readonly later: Later;
  readonly scrub: Scrub | undefined;
}

interface Body extends BodyOptions {
  readonly line: Line;
  /** What was scrubbed and not read yet. */
  readonly ready: ReturnType<typeof newByteQueue>;
  total: number;
  /** Why the body has ended before its end; or that it is at its end. */
  ending: Error | "ended" | undefined;
  /** Takes back the timer that is running. */
  forget: () => void;
}

/** Bytes that are scrubbed at a time. */
const PIECE = 65_536;

function end(body: Body, ending: Error | "ended"): void {
  body.ending ??= ending;
  body.forget();
  body.holding.end();
  body.line.changed();
}

/** Starts the time again that may pass until something comes, or is read. */
function restart(body: Body): void {
  body.forget();
  if (body.ending === undefined) body.forget = body.later(body.timeout, () => end(body, httpError("E_TIMEOUT")));
}

function take(body: Body, most: number, toll: Toll): Uint8Array {
  const length = Math.min(most, body.inflow.available());
  if (body.total + length > body.maxBody) {
    end(body, httpError("E_TOO_LARGE"));
    return refuse("E_TOO_LARGE");
  }
  toll.pay(0, length);
  body.total += length;
  restart(body);
  return body.inflow.take(length);
}

/** Bytes at once; none at the end; undefined if more is to be waited for. */
function readNow(body: Body, most: number, toll: Toll): Uint8Array | undefined {
  const { inflow, ready, scrub } = body;
  if (ready.size > 0) return ready.take(most);
  if (body.ending === "ended") return new Uint8Array(0);
  if (body.ending !== undefined) throw body.ending;
  if (inflow.available() > 0) {
    if (scrub === undefined) return take(body, most, toll);
    ready.push(scrub.push(take(body, PIECE, toll)));
    return ready.size > 0 ? ready.take(most) : readNow(body, most, toll);
  }
  const state = inflow.state();
  if (state === "open") return undefined;
  if (state === "ended" && scrub !== undefined) ready.push(scrub.end());
  end(body, state);
  return readNow(body, most, toll);
}

async function read(body: Body, alleged: number, toll: Toll, gone = signal()): Promise<Uint8Array> {
  const most = Number.isInteger(alleged) && alleged >= 1 ? Math.min(alleged, MAX_TRANSFER) : refuse("E_TOO_LARGE");
  restart(body);
  return await body.line.join({ ready: toll.ready, attempt: () => readNow(body, most, toll), gone });
}

const tollOf = (body: Body): Toll => newToll(account(), body.address);

async function readAll(body: Body, alleged: number | undefined): Promise<Uint8Array> {
  const [toll, gone] = [tollOf(body), signal()];
  const most = Math.min(alleged ?? DEFAULT_WHOLE, MAX_WHOLE);
  const all = newByteQueue();
  for (;;) {
    const piece = await read(body, PIECE, toll, gone);
    if (piece.length === 0) return all.take(all.size);
    if (all.size + piece.length > most) {
      end(body, httpError("E_TOO_LARGE"));
      return refuse("E_TOO_LARGE");
    }
    all.push(piece);
  }
}

/** Grants the body of one answer. */
export function bodyOf(options: BodyOptions): BodyGrant {
  const body: Body = {
    ...options,
    ...{ line: newLine(), ready: newByteQueue(), total: 0 },
    ending: undefined,
    forget: () => undefined,
  };
  const { inflow, holding, line } = body;
  const settle = (): void => {
    const isOver = inflow.available() === 0 && inflow.state() === "ended" && options.scrub === undefined;
    if (isOver) end(body, "ended");
  };
  inflow.watch(() => {
    settle();
    line.changed();
  });
  holding.fill(() => {
    inflow.cancel();
    end(body, httpError("E_CLOSED"));
  });
  restart(body);
  // Nothing is to come, perhaps: the exchange is over.
  settle();
  const granted = capability(BODY, {
    read: (most) => read(body, most, tollOf(body)),
    bytes: (most) => readAll(body, most),
    text: async (most) => new TextDecoder("utf-8").decode(await readAll(body, most)),
    async cancel() {
      body.ready.clear();
      if (body.ending === "ended") body.ending = undefined;
      end(body, httpError("E_CLOSED"));
    },
  });
  return whenUnused(granted, () => void holding.end());
}
