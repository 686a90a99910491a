// Where snapshots and sandboxes that sleep are kept: bytes under ids.
import { CordonError } from "../errors.ts";
import { bytesOf } from "../kinds.ts";
import { isBytes, show } from "../plain.ts";

/** What a place for sleeping sandboxes can do. `memoryStore` and `fileStore` make one; so may an embedder. */
export interface Store {
  /** Keeps a copy. Once this is fulfilled the bytes are durable, as far as this place is. */
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** The bytes as they were put, or undefined. Never others: what is damaged is an error. */
  get(id: string): Promise<Uint8Array | undefined>;
  /** Was it there? */
  delete(id: string): Promise<boolean>;
  ids(): Promise<string[]>;
  /** Every call from now on is an error. */
  close(): Promise<void>;
}

const MAX_ID = 1_024; // UTF-16 units

const refuse = (why: string): never => {
  throw new CordonError("E_STORE", why);
};

/** Throws CordonError E_STORE for what no store takes: two ids could otherwise be one. */
export function checkId(id: unknown): string {
  if (typeof id !== "string") return refuse(`an id is ${show(id)}: pass text`);
  if (id.length > MAX_ID) return refuse(`an id has ${id.length} characters: ${MAX_ID} are the most`);
  return id.isWellFormed() ? id : refuse("an id has half a character (a lone surrogate): pass well-formed text");
}

/** A view without properties of its own. */
export const checkContent = (bytes: unknown): Uint8Array =>
  isBytes(bytes) ? bytesOf(bytes) : refuse(`what is to be kept is ${show(bytes)}: pass a Uint8Array`);

/** A store in this process: for sandboxes that sleep, gone with the process. */
export function memoryStore(): Store {
  let kept: Map<string, Uint8Array> | undefined = new Map();
  const open = (): Map<string, Uint8Array> => kept ?? refuse("the store was closed");
  return Object.freeze({
    put: async (id: string, bytes: Uint8Array) => void open().set(checkId(id), checkContent(bytes).slice()),
    get: async (id: string) => open().get(checkId(id))?.slice(),
    delete: async (id: string) => open().delete(checkId(id)),
    ids: async () => [...open().keys()],
    close: async () => {
      kept = undefined;
    },
  });
}
