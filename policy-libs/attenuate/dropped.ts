// Results that are not delivered. A capability in one is held by nobody, and what it keeps open is closed: else a guest
// that is refused what it opened would keep it open for ever.
import { type Granted, isGranted } from "../capability.ts";
import { unused } from "../unused.ts";
import { someValue } from "./values.ts";

/** What came through a membrane once: if that was not delivered, nobody holds it. */
const fresh = new WeakSet<Granted>();

/** A wrapper comes through a membrane, for the first time or again. */
export function cameThrough(wrapper: Granted, isFirst: boolean): Granted {
  if (isFirst) fresh.add(wrapper);
  else fresh.delete(wrapper);
  return wrapper;
}

export function grantedIn(value: unknown): ReadonlySet<Granted> {
  const found = new Set<Granted>();
  try {
    someValue(value, (item) => {
      if (isGranted(item)) found.add(item);
      return false;
    });
  } catch {
    // Something live in it: no gate lets that through, and what was found before it is enough.
  }
  return found;
}

/** Nobody gets `value`, but what is in `kept` as well. Cannot fail. */
export function dropped(value: unknown, kept?: unknown): void {
  const still = grantedIn(kept);
  for (const granted of grantedIn(value)) if (fresh.has(granted) && !still.has(granted)) unused(granted);
}

/** Runs `check`; when it refuses, nobody gets `value`. */
export function delivered<T>(value: T, check: () => void): T {
  try {
    check();
    return value;
  } catch (error) {
    dropped(value);
    throw error;
  }
}
