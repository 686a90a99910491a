// What a RepyV2 run stands on, all of it virtual: a directory, a network, a clock that moves on when everything waits.

import { capability } from "../../policy-libs/capability.ts";
import { clock } from "../../policy-libs/clock/clock.ts";
import { virtualTime } from "../../policy-libs/clock/virtual.ts";
import { consoleTo } from "../../policy-libs/console/console.ts";
import { type ContractData, contract } from "../../policy-libs/contract/index.ts";
import { filesOf } from "../../policy-libs/files/files.ts";
import { type TreeContents, treePlace } from "../../policy-libs/files/virtual.ts";
import type { Granted } from "../../policy-libs/index.ts";
import { virtualNet } from "../../policy-libs/net/virtual.ts";
import { virtualWorld } from "../../policy-libs/net/world.ts";
import { random } from "../../policy-libs/random/random.ts";
import { timers } from "../../policy-libs/timers/timers.ts";
import { guestModule } from "./guest.ts";
import type { Cause } from "./harness.ts";

export interface Network {
  /** Hosts that swallow everything. */
  readonly silent?: readonly string[];
  /** Names of one more host, 10.0.0.9. */
  readonly names?: readonly string[];
}

/** Between two looks of the governor of section 3.4. */
const POLL = 100; // ms

export type World = Awaited<ReturnType<typeof newWorld>>;

/** Bytes of a text; undefined is a directory. */
const contentsOf = (files: Readonly<Record<string, string | undefined>>): TreeContents =>
  Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      text === undefined ? {} : Uint8Array.from(text, (character) => character.charCodeAt(0)),
    ]),
  );

/** Functions that count as signs of life: while they are called, time stands still. */
function watched(granted: Granted, alive: () => void): Granted {
  const functions = Object.entries(granted.functions).map(([name, call]) => [
    name,
    (...args: never[]) => {
      alive();
      return call(...args);
    },
  ]);
  return capability(granted.contract as never, Object.fromEntries(functions), granted.modes);
}

function machineOf(time: ReturnType<typeof virtualTime>, cpuLimit: number) {
  const stops: [number, number][] = [];
  let cpu = 0;
  function stop(used: number): void {
    const pause = used / cpuLimit - used;
    if (pause <= 0) return;
    stops.push([time.monotonic() / 1000, pause / 1000]);
    time.advance(pause);
  }
  return {
    usage: { cpu: () => ({ cpu: cpu / 1000, threadcpu: cpu / 1000, stops }), memory: () => 8_000_000 },
    /** Computes for so many seconds of processor time: a virtual clock does not see a loop. */
    compute(seconds: number): void {
      for (let left = seconds * 1000; left > 0; left -= POLL) {
        const piece = Math.min(left, POLL);
        time.advance(piece);
        cpu += piece;
        stop(piece);
      }
    },
  };
}

interface WorldParts {
  readonly files: Readonly<Record<string, string | undefined>>;
  readonly network: Network;
  readonly cpu: number;
}

export async function newWorld({ files, network: { silent = [], names = [] }, cpu }: WorldParts) {
  const data = await guestModule<Record<"USAGE" | "LIFE", ContractData>>("contracts.js");
  const time = virtualTime();
  const world = virtualWorld({ later: (ms, task) => time.after(ms, task) });
  const net = virtualNet(world, { addresses: ["10.0.0.5"] });
  for (const address of silent) virtualNet(world, { addresses: [address], silent: true });
  if (names.length > 0) virtualNet(world, { addresses: ["10.0.0.9"], names });
  const lines: string[] = [];
  const place = treePlace(contentsOf(files));
  const machine = machineOf(time, cpu);
  const { promise: ended, resolve } = Promise.withResolvers<Cause>();
  let quiet = 0;
  const alive = (): void => {
    quiet = 0;
  };
  const life = { end: (cause: unknown) => resolve(cause as Cause) };
  const grants = {
    files: filesOf(place),
    net,
    clock: clock({ time }),
    timers: timers({ time }),
    random: random({ seed: 1 }),
    output: consoleTo((_level, line) => void lines.push(line)),
    usage: capability(contract(data.USAGE) as never, machine.usage as never) as Granted,
    life: capability(contract(data.LIFE) as never, life as never) as Granted,
  };

  /** Moves time on while `until` is open, whenever nobody has asked for anything during so many turns. */
  async function live(until: Promise<unknown>, patience: number): Promise<void> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    until.then(over, over);
    while (!isOver) {
      await new Promise((done) => void setImmediate(done));
      if (quiet++ >= patience && time.advanceToNext()) quiet = 0;
    }
  }

  async function sizes(): Promise<Record<string, number>> {
    const found = await place.list("");
    return Object.fromEntries(await Promise.all(found.map(async ({ name }) => [name, (await place.stat(name)).size])));
  }

  const alert = Object.entries(grants).map(([name, granted]) => [name, watched(granted as Granted, alive)]);
  return {
    grants: Object.fromEntries(alert) as Readonly<Record<keyof typeof grants, Granted>>,
    ...{ lines, ended, time, live, sizes, compute: machine.compute },
  };
}
