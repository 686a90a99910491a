// Calls from guest JavaScript to a function of the host and back. The guest's loop is in the figure: nobody calls
// without one.
import { guest, HOST } from "../guests.ts";
import { checkedFirst, type Entrant, notMeasured, paired, perFurtherOperation, perOperation } from "../pairs.ts";
import type { Box, Contender, Entry, Field, Group, Line } from "../types.ts";

const FIGURES = [
  { id: "calls.numbers", call: "numbers", what: "host call, two numbers" },
  { id: "calls.text", call: "texts", what: "host call, 100-character string both ways" },
  { id: "calls.record", call: "records", what: "host call, 5-field record both ways" },
  { id: "calls.async", call: "awaits", what: "host call to an async function, awaited" },
] as const;

interface Player {
  readonly contender: Contender;
  readonly box: Box;
}

/** Every call must have been answered rightly, or the figure is about something else. */
async function check(box: Box, call: string): Promise<void> {
  const expected = { numbers: 21 + 14, texts: 700, records: 21, awaits: 21 }[call];
  const found = await box.evaluate(`${call}(7)`);
  if (found !== expected) throw new Error(`${call}(7) gave ${found}, not ${expected}`);
}

const inMicroseconds = ({ who, sample }: Entrant): Entrant => ({ who, sample: async () => (await sample()) * 1_000 });

async function measure(players: readonly Player[], call: string): Promise<Entry[]> {
  return paired(
    players.map(({ contender: { name, stateless }, box }) => {
      const work = (n: number): unknown => box.evaluate(`${call}(${n})`);
      const entrant = stateless ? perFurtherOperation(name, work, 400) : perOperation(name, work, 10, 40_000);
      return inMicroseconds(checkedFirst(entrant, () => check(box, call)));
    }),
  );
}

async function open(field: Field): Promise<Player[]> {
  const setup = guest("host-calls");
  const chosen = field.contenders.filter(({ name }) => name !== "quickjs-emscripten isolated");
  return Promise.all(chosen.map(async (contender) => ({ contender, box: await contender.open(setup, HOST) })));
}

async function measureAll(field: Field, emit: (line: Line) => void): Promise<void> {
  const missing = [...field.missing].map(([who, why]) => notMeasured(who, why));
  const players = await open(field);
  for (const { id, call, what } of FIGURES) {
    emit({ id, what, unit: "us", entries: [...(await measure(players, call)), ...missing] });
  }
  for (const { box } of players) await box.close();
}

export const calls: Group = { name: "calls", what: "calls to the host", measure: measureAll };
