// What a capability keeps until nobody can use it any more: an open file, say.
//
// embed/ calls `unused` when the last guest that had it has let go of it, has ended, or had it taken away. It is part of
// the Granted itself, so that whoever copies one to wrap it, as the membrane does, takes it along.
import type { Granted } from "./capability.ts";

const UNUSED: unique symbol = Symbol.for("cordon.unused") as never;

interface Kept {
  readonly [UNUSED]?: () => void;
}

/** The capability with what to do when nobody can use it any more. `task` may be called twice, and must not throw. */
export const whenUnused = <G extends object>(granted: G, task: () => void): G =>
  Object.freeze({ ...granted, [UNUSED]: task });

/** The capability cannot be used any more. */
export const unused = (granted: Granted): void => (granted as Kept)[UNUSED]?.();

/** A wrapper that is made anew, and ends what it is around when it is unused. */
export const wrapping = <G extends object>(wrapper: G, inner: Granted): G => whenUnused(wrapper, () => unused(inner));
