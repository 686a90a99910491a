// What the tests of networks share: calls by name, outcomes as codes, a clock that is turned by hand.
import type { Granted } from "../../policy-libs/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape.
type Any = any;
export type Calls = Readonly<Record<string, (...args: unknown[]) => Any>>;

export const calls = (granted: unknown): Calls => (granted as Granted).functions as unknown as Calls;

/** What the call gives, or the code of its refusal. */
export async function outcome(call: () => unknown): Promise<Any> {
  try {
    return await call();
  } catch (error) {
    return (error as { readonly code?: string }).code ?? error;
  }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Everything up to the end. */
export async function readAll(socket: Calls, most = 65_536): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = (await socket["read"]!(most)) as Uint8Array;
    if (piece.length === 0) return Buffer.concat(pieces);
    pieces.push(piece);
  }
}

interface Alarm {
  readonly at: number;
  readonly task: () => void;
}

/** A timer whose time passes only by `pass`. */
export function newClock() {
  let now = 0;
  const alarms = new Set<Alarm>();
  const later = (ms: number, task: () => void): (() => void) => {
    const alarm = { at: now + ms, task };
    alarms.add(alarm);
    return () => void alarms.delete(alarm);
  };
  const pass = async (ms: number): Promise<void> => {
    const end = now + ms;
    for (;;) {
      await new Promise(setImmediate);
      const next = [...alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      alarms.delete(next);
      now = next.at;
      next.task();
    }
    now = end;
    await new Promise(setImmediate);
  };
  return { later, pass, waiting: () => alarms.size };
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
