// A worker in the hand of an attacker, for tests: what it is told, and what it says.
import { afterEach, expect } from "vitest";
import { encodeValue, type Pool, type PoolSandboxOptions } from "../../embed/node/index.ts";
import type { Channel } from "../../embed/remote/channel.ts";
import { type Message, OP, readFrame, writeFrame } from "../../embed/remote/frame.ts";
import type { PlanData } from "../../embed/remote/plan-data.ts";
import { VERSION } from "../../embed/remote/version.ts";
import { poolOver } from "./world.ts";

export const USED = { fuel: 1, memory: 65_536, calls: 0, bytes: 0, inFlight: 0, domains: 1 };
export const USAGE = { fuel: 1, memory: 65_536, bytes: 0, wall: 1 };
export const value = (of: unknown): Uint8Array => encodeValue(of).slice();

/** A worker in the hand of an attacker: what it is told, and what it says. */
export interface Taken {
  readonly heard: Message[];
  readonly plan: () => PlanData;
  say(op: number, fields: readonly unknown[], body?: Uint8Array, box?: number): void;
  raw(bytes: Uint8Array): void;
}

const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.dispose();
});

/** One that says it is ready, and makes every sandbox at once. */
export async function taken(options: PoolSandboxOptions = {}) {
  const workers: Taken[] = [];
  const pool = await poolOver((channel: Channel) => {
    const heard: Message[] = [];
    const say: Taken["say"] = (op, fields, body, box = 1) => channel.post(writeFrame(op, box, fields, body));
    const plan = () => heard.find(({ op }) => op === OP.MAKE)?.fields[0] as PlanData;
    workers.push({ heard, plan, say, raw: channel.post });
    channel.listen(
      (frame) => {
        const message = readFrame(frame) as Message;
        heard.push(message);
        if (message.op === OP.MAKE) say(OP.MADE, [null, USED], undefined, message.box);
      },
      () => undefined,
    );
    say(OP.READY, [VERSION], undefined, 0);
  });
  pools.push(pool);
  const box = await pool.createSandbox(options);
  const worker = workers[0] as Taken;
  /** Calls are those of a run. */
  const start = async () => {
    const running = box.run("1");
    await expect.poll(() => worker.heard.some(({ op }) => op === OP.JOB)).toBe(true);
    return running;
  };
  return { pool, box, worker, workers, start };
}
