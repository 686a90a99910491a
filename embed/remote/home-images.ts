// Images that a worker has, by number, on the embedder's side: those of templates stay there for the next copy, the
// others are used once.
import type { Image } from "../../kernel/index.ts";
import { OP, type Post } from "./frame.ts";
import { piecesOf } from "./pieces.ts";

/** Of templates, the ones used last: about a MiB of the worker's memory each. Others are sent again. */
const MOST_KEPT = 32;

export interface HomeImage {
  readonly number: number;
  /** It is all of the memory, and no difference from the engine's. */
  readonly isWhole: boolean;
  /** The sandbox that begins with it has been asked for. */
  over(): void;
}

export interface ImageBook {
  /** A number that no image has had. */
  next(): number;
  forget(number: number): void;
  /** Sends it, if the worker has it not. */
  ship(image: Image): HomeImage;
}

/** `post`: as the worker itself is spoken to. */
export function newImageBook(post: Post): ImageBook {
  const kept = new Map<Image, number>();
  let last = 0;
  const forget = (number: number): void => post(OP.FORGET, [number]);

  function send(image: Image): number {
    const number = ++last;
    const pieces = piecesOf(image);
    for (const [i, piece] of pieces.entries()) post(OP.IMAGE, [number, i === pieces.length - 1], piece);
    return number;
  }
  function keep(image: Image): number {
    const number = kept.get(image) ?? send(image);
    kept.delete(image); // the one used last comes last
    kept.set(image, number);
    const [oldest, its] = [...kept][0] as [Image, number];
    if (kept.size > MOST_KEPT && kept.delete(oldest)) forget(its);
    return number;
  }
  return {
    next: () => ++last,
    forget,
    ship(image) {
      const isWhole = image.base === undefined; // so that many begin there
      const number = isWhole ? keep(image) : send(image);
      return { number, isWhole, over: () => (isWhole ? undefined : forget(number)) };
    },
  };
}
