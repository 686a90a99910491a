// Memories with which sandboxes here begin, by the numbers that the embedder's side gives them. It forgets them as well.
import { type Image, MAX_PAGES } from "../../kernel/index.ts";
import type { Engine } from "../engine.ts";
import { type Gathered, gather } from "./pieces.ts";
import type { OriginData } from "./plan-data.ts";

/** `image`: as soon as it is all here. */
interface Kept {
  gathered: Gathered | undefined;
  image: ((origin: OriginData, engine: Engine) => Image) | undefined;
}

export type FarImages = ReturnType<typeof newFarImages>;

/** One object for all that begin there: what is made of a memory is made once. */
function imageOf(gathered: Gathered): Kept["image"] {
  const part = gathered.whole();
  if (part === undefined) throw new Error("the embedder sent an image that is none");
  let made: Image | undefined;
  return ({ isWhole }, { image: base }) => {
    made ??= isWhole ? part : { base, ...part };
    return made;
  };
}

export function newFarImages() {
  const kept = new Map<number, Kept>();
  return {
    /** A piece has come. */
    add(number: number, isLast: boolean, piece: Uint8Array): void {
      const one = kept.get(number) ?? { gathered: gather(MAX_PAGES), image: undefined };
      kept.set(number, one);
      one.gathered?.add(piece);
      if (!isLast || one.gathered === undefined) return;
      one.image = imageOf(one.gathered);
      one.gathered = undefined;
    },
    /** There will be one, unless it is forgotten before. */
    expect: (number: number): void => void kept.set(number, { gathered: undefined, image: undefined }),
    put(number: number, image: Image): void {
      const one = kept.get(number);
      if (one !== undefined) one.image = () => image;
    },
    /** What is there now: it may be forgotten before the engine is. */
    find: (number: number) => kept.get(number)?.image,
    forget: (number: number): void => void kept.delete(number),
  };
}
