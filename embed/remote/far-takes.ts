// What is taken of a sandbox on the worker's side: an image of it, kept here or sent, or its memory until it is used.
//
// Invariants
//   FT1  It is taken in its turn and at rest (embed/copy.ts), and told of in the same moment: what the embedder knows of
//        the sandbox when it hears of the image is what belongs to it.
import type { Box } from "../box.ts";
import { atRest, putToSleep } from "../copy.ts";
import type { Bed } from "../hibernation/bed.ts";
import { takeImage } from "../image.ts";
import type { FarImages } from "./far-images.ts";
import { OP, type Post, TAKE } from "./frame.ts";
import { piecesOf } from "./pieces.ts";
import type { Amounts } from "./plan-data.ts";

export interface Wanted {
  readonly number: number;
  readonly what: number;
  readonly wait: number;
}

export interface TakeParts {
  readonly images: FarImages;
  readonly post: Post;
  readonly usage: () => Amounts;
}

const takeNow = ({ images, post, usage }: TakeParts, box: Box, { number, what }: Wanted): true | undefined => {
  const { domain, engine, base, clock } = box;
  // A copy that stays here differs from what its original began with; one that leaves, from what every engine does.
  const image = takeImage(domain, engine.artifact, what === TAKE.KEEP ? base : engine.image);
  if (image === undefined) return undefined;
  if (what === TAKE.KEEP) images.put(number, image);
  else for (const piece of piecesOf(image)) post(OP.BYTES, [number], piece);
  post(OP.TAKEN, [number, null, { clock: clock.now(), handles: domain.handles(), usage: usage(), held: 0 }]);
  return true;
};

/** Takes it, and tells. Rejects with CordonError. */
export async function performTake(parts: TakeParts, box: Box, wanted: Wanted): Promise<void> {
  const { number, what, wait } = wanted;
  if (what !== TAKE.SLEEP) return void (await atRest(box, wait, () => takeNow(parts, box, wanted)));
  await putToSleep(box, { wait });
  const { held } = box.resident as Bed;
  parts.post(OP.TAKEN, [number, null, { clock: 0, handles: [], usage: parts.usage(), held: held?.length ?? 0 }]);
}
