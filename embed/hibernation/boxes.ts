// Boxes that sleep: how a sandbox comes into a residency.
import type { Box } from "../box.ts";
import { contentOf } from "../image.ts";
import { type Ground, newBed } from "./bed.ts";
import { kindGround, type Maker } from "./ground.ts";
import { admit, newResidency, type Residency } from "./residency.ts";
import type { Resident } from "./resident.ts";

const grounds = new WeakMap<object, Ground>();

/** Of copies of a template, its memory; of others, the engine's. */
function imageGround({ engine, base }: Box): Ground {
  const known = grounds.get(base);
  if (known !== undefined) return known;
  const ground = { content: contentOf(engine.artifact, base), beyond: [] };
  grounds.set(base, ground);
  return ground;
}

async function groundOf(box: Box, maker: Maker): Promise<Ground> {
  const ground = imageGround(box);
  return (await kindGround(box, ground, maker)) ?? ground;
}

/** For those that only their owner puts to sleep. */
const alone: Residency = newResidency();

/** Into its residency, which may put it to sleep from now on. Throws CordonError for an id that is none or is in use. */
export async function admitBox(box: Box, maker: Maker): Promise<Resident> {
  const { residency = alone, id } = box.plan.options;
  const ground = await groundOf(box, maker);
  const resident = admit(residency, id, (house, shelf, name) => newBed(box.domain, ground, house, shelf, name));
  resident.house.leave(resident);
  return resident;
}
