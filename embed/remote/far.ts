// The worker's side: ordinary sandboxes over an engine of its own, driven by frames.
//
// Invariants
//   FA1  A sandbox here has what its plan says and no authority of the worker's own: every grant is a capability that
//        posts, its console is posted, its modules are asked for.
// Trust
//   Trusts the embedder, whose process started this one.
import type { Contract } from "../../kernel/index.ts";
import type { Meter } from "../../policy-libs/index.ts";
import { type Engine, now } from "../engine.ts";
import type { Channel } from "./channel.ts";
import { contractFromGraph } from "./contracts.ts";
import { type FarBox, newFarBox } from "./far-box.ts";
import { type FarImages, newFarImages } from "./far-images.ts";
import { type CheckedFields, type Message, OP, readFrame, writeFrame } from "./frame.ts";
import type { PlanData } from "./plan-data.ts";
import { VERSION } from "./version.ts";

/** How often usage is told while something runs. */
const TELL_MS = 40;

export interface FarWorld {
  readonly engine: () => Promise<Engine>;
  readonly post: (box: number, op: number, fields: readonly unknown[], body?: Uint8Array) => void;
  readonly contracts: Map<number, Contract>;
  /** Of tenants, by their names: the scheduler here goes by their shares. */
  readonly meters: Map<string, Meter>;
  readonly images: FarImages;
  readonly find: (box: number) => FarBox | undefined;
}

function learn({ contracts }: FarWorld, plan: PlanData): void {
  for (const { number, graph } of plan.contracts) contracts.set(number, contractFromGraph(graph));
}

function takeImage({ images }: FarWorld, op: number, [number, isLast]: CheckedFields, body: Uint8Array): void {
  if (op === OP.IMAGE) images.add(number, isLast, body);
  else if (op === OP.FORGET) images.forget(number);
}

/** Serves sandboxes over a channel until it closes. `fail`: the embedder said something that is no message. */
export function serveFar(engine: () => Promise<Engine>, channel: Channel, fail: (why: string) => void): void {
  const boxes = new Map<number, FarBox>();
  let told = now();
  const world: FarWorld = {
    engine,
    contracts: new Map(),
    meters: new Map(),
    images: newFarImages(),
    find: (box) => boxes.get(box),
    post: (box, op, fields, body) => channel.post(writeFrame(op, box, fields, body)),
  };

  function take({ op, box, fields, body }: Message): void {
    if (op === OP.MAKE) {
      const plan = fields[0] as PlanData;
      learn(world, plan);
      boxes.set(
        box,
        newFarBox(world, box, plan, () => boxes.delete(box)),
      );
      return;
    }
    if (box === 0) takeImage(world, op, fields as unknown as CheckedFields, body);
    else boxes.get(box)?.take({ op, box, fields, body });
  }

  function tell(): void {
    if (now() - told < TELL_MS / 2) return;
    told = now();
    for (const box of boxes.values()) box.tell();
  }

  const timer: unknown = setInterval(tell, TELL_MS);
  (timer as { unref?(): void }).unref?.();
  const onClose = (): void => {
    clearInterval(timer as number);
    for (const box of boxes.values()) box.end();
    boxes.clear();
  };
  channel.listen((frame) => {
    const message = readFrame(frame);
    if (message === undefined) fail("a frame that is none");
    else take(message);
  }, onClose);
  engine().then(
    () => world.post(0, OP.READY, [VERSION]),
    (error: unknown) => fail(error instanceof Error ? error.message : "the engine could not be loaded"),
  );
}
