// What a residency may be told, checked.
import { CordonError } from "../errors.ts";
import { readPlain, show } from "../plain.ts";
import type { Store } from "../snapshot/store.ts";
import type { Shelf } from "./bed.ts";

/** How many sandboxes are awake, and where the others are. */
export interface ResidencyOptions {
  /** Sandboxes that are awake at once, idle ones included. Default: any number. */
  readonly most?: number | undefined;
  /** Milliseconds after which an idle one is put to sleep. Default: never, but for `most`. */
  readonly after?: number | undefined;
  /** Where they sleep. Default: in this process, packed. */
  readonly store?: Store | undefined;
  /** Hears what went wrong with the store while nobody waited. */
  readonly onError?: ((error: CordonError) => void) | undefined;
}

interface Checked {
  readonly most: number;
  readonly after: number;
  readonly shelf: Shelf | undefined;
}

const KEYS: readonly string[] = ["most", "after", "store", "onError"];

const wrong = (what: string): never => {
  throw new CordonError("E_OPTION", what);
};

function checkCount(name: string, value: unknown): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  return wrong(`${name} is ${show(value)}: pass a whole number from 0`);
}

const isStore = (store: Store): boolean =>
  ["put", "get", "delete"].every((name) => typeof store[name as keyof Store] === "function");

/** The owner's function must not stop what tells it. */
function quietly(onError: ResidencyOptions["onError"]): Shelf["onError"] {
  return (error) => {
    try {
      onError?.(error);
    } catch {
      // What it throws is nobody's.
    }
  };
}

/** Throws CordonError E_OPTION. */
export function readOptions(given: ResidencyOptions): Checked {
  const { store, onError, ...rest } = readPlain<ResidencyOptions>(given, "what a residency takes");
  const unknown = Object.keys(rest).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    wrong(`a residency has no option ${JSON.stringify(unknown)}: there are ${KEYS.join(", ")}`);
  if (store !== undefined && !(typeof store === "object" && store !== null && isStore(store)))
    wrong("store must be what memoryStore() or fileStore(path) made, or like it");
  if (onError !== undefined && typeof onError !== "function") wrong("onError must be a function");
  const shelf = store === undefined ? undefined : { store, onError: quietly(onError) };
  return { most: checkCount("most", rest.most), after: checkCount("after", rest.after), shelf };
}
