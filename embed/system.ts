// What every engine gets from below: time, timers, randomness, its console and its modules (stdlib/abi.ts, CONFIGURE).
// None of these calls counts against `limits.calls`: they are the engine's, not grants.
import type { Contract, Target } from "../kernel/index.ts";
import type { HostFunction } from "../policy-libs/index.ts";
import { permissive } from "../policy-libs/index.ts";
import type { CallEntry } from "./capability.ts";
import type { Clock } from "./clock.ts";
import type { Load } from "./modules.ts";
import type { Output } from "./output.ts";
import { hostTarget } from "./power.ts";
import { checkCount, type RandomBytes } from "./randomness.ts";
import { failure, type Meter } from "./target.ts";
import { decodeValue, encodeValue } from "./values.ts";

export interface SystemParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly output: Output;
  readonly load: Load | undefined;
  /** Counts modules being loaded. */
  readonly loading: Meter;
}

export interface SystemGrant {
  readonly name: string;
  readonly contract: Contract;
  readonly target: Target;
  readonly calls: Readonly<Record<string, CallEntry>>;
}

type Fixed = Omit<SystemGrant, "target">;
const fixed = (name: string, call: string, mode: CallEntry["mode"] = "sync"): Fixed => ({
  ...{ name, contract: permissive(`system.${name}`, [call]), calls: { [call]: { method: 0, mode } } },
});

const [CLOCK, RANDOM, TIMERS, CONSOLE, MODULES] = [
  fixed("clock", "now"),
  fixed("random", "bytes"),
  fixed("timers", "sleep", "async"),
  fixed("console", "write"),
  fixed("modules", "load", "blocking"),
] as const;

const serving = (of: Fixed, fn: HostFunction, meter: Meter): SystemGrant => ({
  ...of,
  target: hostTarget({ name: of.contract.name, contract: of.contract, functions: [fn], meter }),
});

/** Of what has no call of its own to look at, is at once done and in every sandbox: as little as can be. */
const answering = (of: Fixed, fn: (value: unknown) => unknown): SystemGrant => ({
  ...of,
  target(_method, bytes, length) {
    try {
      return encodeValue(fn((decodeValue(bytes, length) as [unknown])[0]), "result");
    } catch (thrown) {
      return failure(thrown);
    }
  },
});

/** `sleep` needs the call's context, to stop its timer when nobody waits any more. */
function timers(clock: Clock): SystemGrant {
  const target: Target = (_method, bytes, length, { onDropped }) => {
    const ms = sleepOf(bytes, length);
    return clock.sleep(ms, onDropped).then(() => UNDEFINED);
  };
  return { ...TIMERS, target };
}

export function systemGrants({ clock, random, output, load, loading }: SystemParts): SystemGrant[] {
  const grants = [
    answering(CLOCK, () => clock.now()),
    answering(RANDOM, (count) => random(checkCount(count))),
    timers(clock),
    { ...CONSOLE, target: output.target },
  ];
  if (load === undefined) return grants;
  return [...grants, serving(MODULES, (specifier: string, referrer: string) => load(specifier, referrer), loading)];
}

/** The names and contracts of these, in their order. `loads`: modules as well. */
export const systemContracts = (loads: boolean): readonly Fixed[] => {
  const all = [CLOCK, RANDOM, TIMERS, CONSOLE];
  return loads ? [...all, MODULES] : all;
};

const UNDEFINED = encodeValue(undefined).slice();

function sleepOf(bytes: Uint8Array, length: number): number {
  const [ms] = decodeValue(bytes, length) as [unknown];
  return typeof ms === "number" && ms >= 0 ? ms : 0;
}
