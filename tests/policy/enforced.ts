// A policy as the monitor of guests that a test moves by hand: with a clock that the test moves too, and people who
// answer when it says so.

import { decodeParcel, encodeParcel } from "../../embed/values.ts";
import { type Capability, type Contract, errorValue } from "../../kernel/index.ts";
import {
  capability,
  compile,
  contract,
  type EnforcePowers,
  type Granted,
  load,
  newEnforced,
  newMonitor,
  newShared,
  type PolicyEvent,
  vocabularyOf,
} from "../../policy-libs/index.ts";
import type { Decided, Question } from "../../policy-libs/policy/enforce/types.ts";

const STAND_IN = contract({ name: "stand-in", allows: "nothing", never: "anything", calls: {} });

export function enforced(text: string, contracts: readonly Contract[], isHeard = true) {
  const { vocabulary } = vocabularyOf(new Map(contracts.map((each) => [each.name, each])));
  const loaded = load(text, { file: "test", vocabulary });
  if (loaded.kind !== "loaded" || loaded.entry === undefined) throw new Error(JSON.stringify(loaded));
  const machine = compile(loaded.entry);
  const [past, decided, halted]: [PolicyEvent[], Decided[], string[]] = [[], [], []];
  const questions: { readonly question: Question; readonly answer: (is: boolean) => void }[] = [];
  const sleepers: { readonly due: number; readonly wake: () => void }[] = [];
  const behind = new Map<Granted, Capability>();
  const time = { now: 0 };
  const powers: EnforcePowers = {
    now: () => time.now,
    sleep: (ms, _context, onDropped) =>
      new Promise((wake) => {
        const sleeper = { due: time.now + ms, wake };
        sleepers.push(sleeper);
        onDropped(() => void sleepers.splice(sleepers.indexOf(sleeper), 1));
      }),
    decode: (bytes, length, capabilities) =>
      decodeParcel(bytes, length, capabilities, (of) => {
        const made = capability(STAND_IN, {});
        behind.set(made, of);
        return made;
      }),
    encode: (value) => encodeParcel(value, "change", (granted) => behind.get(granted) as Capability),
    errorValue,
    ask: (question) => new Promise((answer) => void questions.push({ question, answer })),
    halt: (why) => void halted.push(why),
    onDecided: isHeard ? (one) => void decided.push(one) : undefined,
    onHappened: isHeard ? (event) => void past.push(event) : undefined,
  };
  const under = newEnforced(machine, newShared(machine), "acme");
  const monitor = newMonitor(under, vocabulary, powers);
  return {
    ...{ monitor, under, past, decided, halted, questions, sleepers },
    /** Wakes whoever is due by then, one after the other. */
    async until(now: number): Promise<void> {
      time.now = now;
      for (const sleeper of sleepers.filter(({ due }) => due <= now)) {
        sleepers.splice(sleepers.indexOf(sleeper), 1);
        sleeper.wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    back(now: number): void {
      time.now = now;
    },
    kinds: () => past.map(({ kind, op }) => `${kind} ${op.name}`),
  };
}
