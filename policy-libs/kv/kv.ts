// The capability of a key-value store over any store.
import { isEqual } from "../attenuate/equal.ts";
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { type Account, account } from "../meter/index.ts";
import { refuse } from "../refusal.ts";
import { KV } from "./contract.ts";
import { checkKey, checkText } from "./key.ts";
import { memoryStore } from "./memory.ts";
import { refuseKv } from "./refusal.ts";
import { type Before, type Change, type KvBounds, type KvStore, MAX_LISTED, type Packed, type Range } from "./types.ts";

/** Entries of a list, if the guest does not say. */
const LISTED = 1_000;

interface Given {
  readonly after?: string | undefined;
  readonly most?: number | undefined;
  readonly values?: boolean | undefined;
}

function rangeOf(prefix: unknown, { after, most = LISTED, values = false }: Given = {}): Range {
  const isCount = Number.isSafeInteger(most) && most >= 1 && most <= MAX_LISTED;
  if (!isCount) refuse("E_VALUE", `a number of entries that is not from 1 to ${MAX_LISTED}`);
  return { prefix: checkText(prefix ?? "", "prefix"), after: checkText(after ?? "", "key"), most, values };
}

/** The store, paid for by the caller: values that come out and go in, in bytes. */
interface Desk<P extends Packed> {
  readonly store: KvStore<P>;
  readonly payer: Account;
}

async function fetch<P extends Packed>({ store, payer }: Desk<P>, key: string): Promise<P | undefined> {
  await payer.wait("fileRead", 0);
  const packed = await store.get(key);
  payer.charge("fileRead", packed?.size ?? 0);
  return packed;
}

type Decide<P, T> = (before: Before<P>) => Change<P, T>;

/** Pays for what may be written; what was not is given back. */
async function change<P extends Packed, T>({ store, payer }: Desk<P>, key: string, most: number, decide: Decide<P, T>) {
  await payer.wait("fileWrite", 0);
  payer.charge("fileWrite", most);
  let written = 0;
  try {
    return await store.change(key, (before) => {
      const decision = decide(before);
      written = decision.put?.size ?? 0;
      return decision;
    });
  } catch (error) {
    written = 0;
    throw error;
  } finally {
    payer.refund("fileWrite", most - written);
  }
}

function set<P extends Packed>(desk: Desk<P>, key: string, value: unknown): Promise<void> {
  if (value === undefined) refuse("E_VALUE", "undefined is no value: remove the key");
  const put = desk.store.pack(value);
  return change(desk, key, put.size, () => ({ answer: undefined, put }));
}

function compareAndSet<P extends Packed>(
  desk: Desk<P>,
  key: string,
  expected: unknown,
  value: unknown,
): Promise<boolean> {
  const { store } = desk;
  const put = value === undefined ? undefined : store.pack(value);
  return change(desk, key, put?.size ?? 0, (before) => {
    const packed = before.packed();
    const isExpected = isEqual(packed === undefined ? undefined : store.unpack(packed), expected);
    if (!isExpected) return { answer: false };
    return put === undefined ? { answer: true, drop: true } : { answer: true, put };
  });
}

function increment<P extends Packed>(desk: Desk<P>, key: string, by: number): Promise<number> {
  const { store } = desk;
  if (typeof by !== "number" || !Number.isFinite(by)) refuse("E_VALUE", "an increment that is no number");
  const most = store.pack(Number.MAX_VALUE).size;
  return change(desk, key, most, (before) => {
    const packed = before.packed();
    const old = packed === undefined ? 0 : store.unpack(packed);
    if (typeof old !== "number" || !Number.isFinite(old + by)) return refuseKv("E_NUMBER");
    return { answer: old + by, put: store.pack(old + by) };
  });
}

async function list<P extends Packed>({ store, payer }: Desk<P>, range: Range) {
  await payer.wait("fileRead", 0);
  const found = await store.list(range);
  payer.charge(
    "fileRead",
    found.reduce((sum, { packed }) => sum + (packed?.size ?? 0), 0),
  );
  return found.map(({ key, packed }) => (packed === undefined ? { key } : { key, value: store.unpack(packed) }));
}

/** By the keys alone: its value may be large. */
async function has<P extends Packed>(store: KvStore<P>, key: string): Promise<boolean> {
  const [first] = await store.list({ prefix: key, after: "", most: 1, values: false });
  return first?.key === key;
}

/** Grants a store. */
export function kvOf<P extends Packed>(store: KvStore<P>): GrantedOf<typeof KV> {
  const desk = (): Desk<P> => ({ store, payer: account() });
  return capability(KV, {
    get: async (key) => {
      const packed = await fetch(desk(), checkKey(key));
      return packed === undefined ? undefined : store.unpack(packed);
    },
    set: async (key, value) => await set(desk(), checkKey(key), value),
    remove: async (key) =>
      await change(desk(), checkKey(key), 0, (before) => ({ answer: before.isThere(), drop: true })),
    has: async (key) => await has(store, checkKey(key)),
    list: async (prefix, range) => await list(desk(), rangeOf(prefix, range)),
    compareAndSet: async (key, expected, value) => await compareAndSet(desk(), checkKey(key), expected, value),
    increment: async (key, by = 1) => await increment(desk(), checkKey(key), by),
    size: async () => await store.size(),
  });
}

/** Grants a key-value store in memory: `kv()`. */
export const kv = (options: Partial<KvBounds> = {}): GrantedOf<typeof KV> => kvOf(memoryStore(options));
