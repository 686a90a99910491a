// What sandboxes of one kind have in common: the memory of one with the same beginning, grants and limits that has run
// nothing but a number. So a sleeper does not keep what configuring the engine writes, or what hearing that it is a copy.
//
// Invariants
//   GR1  Nothing that a guest has written is in it but what its template's source wrote, and no host function can be
//        called while it is made.
//   GR2  It decides how much a sleeper keeps, never what it is when it wakes: that is exact over any ground.
import { type Chunk, type Image, PAGE } from "../../kernel/index.ts";
import { type Origin, type Plan, planSandbox } from "../birth.ts";
import type { Box } from "../box.ts";
import type { Engine } from "../engine.ts";
import { takeImage } from "../image.ts";
import { planRun } from "../job.ts";
import { difference } from "../snapshot/granules.ts";
import { untilRest } from "../until-rest.ts";
import type { Ground } from "./bed.ts";

/** Makes a box, and ends it. */
export interface Maker {
  readonly make: (engine: () => Promise<Engine>, plan: Plan) => Promise<Box>;
  readonly dispose: (box: Box) => void;
}

interface Kind {
  ground: Promise<Ground | undefined> | undefined;
}

/** Kinds that are remembered. Those who sleep on one that is forgotten keep it for themselves. */
const MOST_KINDS = 16;

/** By that with which they begin: a template's memory, or the engine's. */
const kinds = new WeakMap<Image, Map<string, Kind>>();

function keyOf({ plan: { grants, load, timeZoneOffset, limits, origin } }: Box): string {
  const shape = grants.map(({ name, calls }) => [name, calls]);
  return JSON.stringify([shape, load !== undefined, timeZoneOffset, limits.memory, origin !== undefined]);
}

/** GR1. */
function planOf({ grants, load, timeZoneOffset, limits }: Plan): Plan {
  const target = () => new Uint8Array(0);
  const dead = grants.map((grant) => ({ ...grant, capability: () => ({ contract: grant.contract, target }) }));
  const plan = planSandbox({ limits: { memory: limits.memory } });
  return { ...plan, grants: dead, load, timeZoneOffset };
}

const ALLOWANCE = { fuel: 1e9, calls: 1e6, bytes: 1e9, deadline: Number.POSITIVE_INFINITY };

async function memoryOf(kind: Box): Promise<Uint8Array | undefined> {
  const job = planRun(kind.limits, [], "0", {});
  if ("status" in job) return undefined;
  kind.domain.allow(ALLOWANCE);
  await kind.domain.request(job.method, job.message);
  await untilRest(kind.domain);
  const { memory: size } = kind.domain.usage();
  return kind.domain.read((memory) => memory.slice(0, size));
}

/** A box of this kind, which ends when `look` is over. */
async function withKind<T>({ engine }: Box, plan: Plan, maker: Maker, look: (kind: Box) => Promise<T>): Promise<T> {
  const kind = await maker.make(async () => engine, plan);
  try {
    return await look(kind);
  } finally {
    maker.dispose(kind);
  }
}

/** Where one of its kind begins: a copy of a template there, any other copy as a copy of one that has run nothing. */
async function originOf(box: Box, plan: Plan, maker: Maker): Promise<Origin | undefined> {
  const { origin } = box.plan;
  if (origin === undefined || origin.image.base === undefined) return origin && { ...origin, policy: undefined };
  return withKind(box, plan, maker, async ({ domain, engine, base }) => {
    const image = takeImage(domain, engine.artifact, base);
    return image && { image, incarnation: 1, handles: domain.handles() };
  });
}

async function made(box: Box, { content }: Ground, maker: Maker): Promise<Ground | undefined> {
  const plan = planOf(box.plan);
  const origin = await originOf(box, plan, maker);
  const begun = origin === undefined ? plan : { ...plan, origin };
  const memory = await withKind(box, begun, maker, memoryOf);
  if (memory === undefined || memory.length % PAGE !== 0) return undefined;
  const beyond: readonly Chunk[] = difference(content, memory);
  return { content: memory, beyond };
}

/** Undefined for the first of its kind, which may be the only one. `image`: what the kernel writes by itself. */
export async function kindGround(box: Box, image: Ground, maker: Maker): Promise<Ground | undefined> {
  const known = kinds.get(box.base) ?? new Map<string, Kind>();
  kinds.set(box.base, known);
  const key = keyOf(box);
  const kind = known.get(key);
  known.delete(key);
  known.set(key, kind ?? { ground: undefined });
  if (known.size > MOST_KINDS) known.delete(known.keys().next().value as string);
  // Without it a sleeper keeps more: no reason for its owner to have none.
  if (kind !== undefined) kind.ground ??= made(box, image, maker).catch(() => undefined);
  return kind?.ground;
}
