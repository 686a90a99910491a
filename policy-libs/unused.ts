// What a capability keeps until nobody can use it any more: an open file, say.
//
// Whoever holds a Granted for a guest calls `unused` when the guest has let go of it, has ended, or the capability was
// revoked. A wrapper passes it on to what it wraps.

const tasks = new WeakMap<object, () => void>();

/** Says what to do when nobody can use the capability any more. `task` must bear to be called twice, and not throw. */
export function whenUnused<T extends object>(granted: T, task: () => void): T {
  tasks.set(granted, task);
  return granted;
}

/** The capability cannot be used any more. What its task throws goes nowhere: it runs where a guest lets a handle go. */
export function unused(granted: object): void {
  try {
    tasks.get(granted)?.();
  } catch {
    // Neither that guest nor other tasks may meet it.
  }
}

/** A wrapper that ends when the one around which it is ends. */
export const wrapping = <T extends object>(wrapper: T, inner: object): T => whenUnused(wrapper, () => unused(inner));
