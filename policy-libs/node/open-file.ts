// An open file of the host: a descriptor, which stays on what was opened.
import type { promises } from "node:fs";
import { refuse } from "../files/refusal.ts";
import type { OpenFile } from "../files/types.ts";
import { readSome, translatedUse, writeAll } from "./host.ts";

export interface OpenedFile {
  readonly handle: promises.FileHandle;
  readonly made: boolean;
}

/** `most`: bytes that the file may be made to hold. */
export function openFileOf({ handle, made }: OpenedFile, path: string, most: number): OpenFile {
  const use = <T>(work: () => Promise<T>): Promise<T> => translatedUse(path, work);
  return {
    made,
    size: () => use(async () => (await handle.stat()).size),
    read: (offset, wanted) => use(() => readSome(handle, offset, wanted)),
    write: (offset, bytes) =>
      use(async () => {
        if (offset + bytes.length > most) refuse("E_TOO_LARGE", path);
        await writeAll(handle, bytes, offset);
      }),
    truncate: (size) => use(() => handle.truncate(size)),
    flush: () => use(() => handle.sync()),
    close: () => use(() => handle.close()),
  };
}
