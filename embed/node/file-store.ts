// A store of sandboxes in one file on disk: see policy-libs/node/blobs.ts for what it promises.
import { CordonError } from "../errors.ts";
import { checkContent, checkId, type Store } from "../snapshot/store.ts";

/** How a store in a file behaves. */
export interface FileStoreOptions {
  /** How long a call waits for other processes that use the file, in milliseconds. Default: 5,000. */
  readonly patience?: number | undefined;
}

const failed = (cause: unknown): never => {
  if (cause instanceof CordonError) throw cause;
  throw new CordonError("E_STORE", (cause as Error).message, { cause });
};

/** Opens the file, or makes it. Throws CordonError E_STORE for a file that is damaged, or that is no store. */
export async function fileStore(path: string, options: FileStoreOptions = {}): Promise<Store> {
  if (typeof path !== "string") throw new CordonError("E_OPTION", "fileStore takes the path of a file");
  // Loaded when it is asked for: a hello must not wait for it.
  const { blobFile } = await import("../../policy-libs/node/index.ts");
  try {
    const blobs = blobFile({ path, patience: options.patience });
    return Object.freeze({
      put: async (id: string, bytes: Uint8Array) => blobs.put(checkId(id), checkContent(bytes)).catch(failed),
      get: async (id: string) => blobs.get(checkId(id)).catch(failed),
      delete: async (id: string) => blobs.delete(checkId(id)).catch(failed),
      ids: () => blobs.ids().catch(failed),
      // What was asked for before comes first: a call that only waits for its turn is not lost.
      close: () => blobs.get("").then(blobs.close, blobs.close),
    });
  } catch (error) {
    return failed(error);
  }
}
