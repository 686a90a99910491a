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
import { type Meter, newMeter } from "./target.ts";
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

const contractOf = (name: string, call: string): Contract => permissive(`system.${name}`, [call]);

function row(
  name: string,
  call: string,
  fn: HostFunction,
  meter: Meter,
  mode: CallEntry["mode"] = "sync",
): SystemGrant {
  const contract = contractOf(name, call);
  const target = hostTarget({ name: contract.name, contract, functions: [fn], meter });
  return { name, contract, target, calls: { [call]: { method: 0, mode } } };
}

/** `sleep` needs the call's context, to stop its timer when nobody waits any more. */
function timers(clock: Clock): SystemGrant {
  const contract = contractOf("timers", "sleep");
  const target: Target = (_method, bytes, length, { onDropped }) => {
    const ms = sleepOf(bytes, length);
    return clock.sleep(ms, onDropped).then(() => UNDEFINED);
  };
  return { name: "timers", contract, target, calls: { sleep: { method: 0, mode: "async" } } };
}

export function systemGrants({ clock, random, output, load, loading }: SystemParts): SystemGrant[] {
  const free = newMeter();
  const consoleContract = contractOf("console", "write");
  const grants = [
    row("clock", "now", () => clock.now(), free),
    row("random", "bytes", (count: unknown) => random(checkCount(count)), free),
    timers(clock),
    {
      name: "console",
      contract: consoleContract,
      target: output.target,
      calls: { write: { method: 0, mode: "sync" } },
    } as const,
  ];
  if (load === undefined) return grants;
  return [
    ...grants,
    row("modules", "load", (specifier: string, referrer: string) => load(specifier, referrer), loading, "blocking"),
  ];
}

const UNDEFINED = encodeValue(undefined).slice();

function sleepOf(bytes: Uint8Array, length: number): number {
  const [ms] = decodeValue(bytes, length) as [unknown];
  return typeof ms === "number" && ms >= 0 ? ms : 0;
}
