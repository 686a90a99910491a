// What a worker says of one of its sandboxes.
import { type Message, OP } from "./frame.ts";
import type { Addressee } from "./home.ts";
import { sleepOn } from "./home-resident.ts";
import { endRuns, failRun, failRuns, takeResult } from "./home-runs.ts";
import { finish, lostError, lostText, type State } from "./home-state.ts";
import { type Fields, isEnding, isUsage, readSaid, refusalFrom, textOf } from "./read.ts";

function lie(state: State, what: string): void {
  state.home.lose(`it broke the protocol: ${what}`);
}

function onMade(state: State, [error, usage]: readonly unknown[]): void {
  if (!isUsage(usage)) return lie(state, "a usage that is none");
  if (state.isMade) return lie(state, "that it is made, twice");
  state.leash.note(usage);
  state.isMade = error === null;
  if (error === null) {
    state.resident.house.leave(state.resident);
    return state.made.resolve();
  }
  const refusal = refusalFrom(error);
  state.made.reject(refusal);
  failRuns(state.runs, refusal);
  finish(state);
}

function onEnded(state: State, [ending]: readonly unknown[]): void {
  if (!isEnding(ending)) return lie(state, "an ending that is none");
  state.ending ??= ending;
  state.passage.close();
}

function onSaid(state: State, _fields: readonly unknown[], body: Uint8Array): void {
  const said = readSaid(body);
  if (said === undefined) return lie(state, "a line that is none");
  const context = { domain: state.id, owner: undefined, account: undefined, capabilities: [], found: [] };
  void state.plan.output.target(0, body, body.length, { ...context, onDropped: () => undefined });
}

function onTold({ watchers, id }: State, [told]: readonly unknown[], body: Uint8Array): void {
  const { handle, contract, call, bytesIn, bytesOut } = told as Readonly<Record<string, unknown>>;
  const numbers = { handle: Number(handle), bytesIn: Number(bytesIn), bytesOut: Number(bytesOut) };
  const texts = { contract: textOf(contract), call: textOf(call) };
  watchers.onCall?.({ domain: id, ...numbers, ...texts, decision: "refused", answer: body, isLate: false });
}

function onUsage(state: State, [usage]: readonly unknown[]): void {
  if (!isUsage(usage)) return lie(state, "a usage that is none");
  state.leash.note(usage);
}

type Handler = (state: State, fields: readonly unknown[], body: Uint8Array) => void;
const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [OP.MADE, onMade],
  [OP.ENDED, onEnded],
  [OP.SAY, onSaid],
  [OP.TOLD, onTold],
  [OP.USAGE, onUsage],
  [
    OP.RESTS,
    ({ runs }, [rests]) => {
      runs.isResting = rests === true;
    },
  ],
  [OP.RESULT, ({ runs }, [job, result], body) => takeResult(runs, job as number, result as never, body)],
  [OP.TAKEN, ({ takes }, [number, error, facts]) => takes.taken(number as number, error as Fields, facts as Fields)],
  [OP.BYTES, ({ takes }, [number], body) => takes.bytes(number as number, body)],
  [
    OP.UNDONE,
    ({ runs, resident, shelf }, [job, error]) => {
      failRun(runs, job as number, refusalFrom(error, shelf.cause()));
      sleepOn(resident);
    },
  ],
  [OP.PUT, ({ shelf }, [number, isLast], body) => shelf.put(number as number, isLast as boolean, body)],
  [
    OP.WOKE,
    (state, [number, time]) => {
      if (state.time?.woke(number as number, time as number) !== true)
        lie(state, "the end of a wait that there was not");
    },
  ],
  [OP.GET, ({ shelf }, [number]) => shelf.get(number as number)],
  [
    OP.GONE,
    (state, fields) => {
      onUsage(state, fields);
      endRuns(state.runs);
      finish(state);
    },
  ],
]);

/** Frames of one sandbox. */
export function addresseeOf(state: State): Addressee {
  return {
    take(message: Message) {
      const handler = HANDLERS.get(message.op);
      if (handler === undefined) state.passage.take(message);
      else handler(state, message.fields, message.body);
    },
    look: () => state.leash.look(state.runs.runs.size > 0 || state.children > 0),
    lost(why) {
      state.ending ??= state.isDisposed ? { kind: "aborted" } : { kind: "trap", reason: lostText(why) };
      state.made.reject(lostError(why));
      endRuns(state.runs);
      finish(state);
    },
  };
}
