// Writing files of the host so that nobody sees a part: under a name that nobody can guess or say, then by one rename.
//
// Invariants
//   W1  The bytes go to a file that this writer has made itself, exclusively, in the directory of the target.
//   W2  The target's name means the old file or the whole new one, at every moment, also if the host dies: the bytes
//       are on the disk before the name is.
//   W3  However it ends, but with the process, the temporary file is gone.
// Not promised: that a process which is killed leaves no temporary file (.cordon-*.tmp); it may be removed by hand.
import { randomBytes } from "node:crypto";
import { constants, promises } from "node:fs";
import { temporaryName } from "../files/path.ts";
import { refuse } from "../files/refusal.ts";
import type { OpenWriter, WriterMode } from "../files/types.ts";
import { hasCode, translated, translatedUse, writeAll } from "./host.ts";

const { link, open, rename, unlink } = promises;
type FileHandle = promises.FileHandle;

// O_NOFOLLOW is none on Windows. O_EXCL alone follows no link either.
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Where the file will be: an entry of a directory that the writer has for itself. */
export interface Target {
  /** What the guest calls it. */
  readonly path: string;
  readonly name: string;
  /** The host's path of an entry of the directory. */
  at(name: string): string;
  /** Permissions of the file that is there, if one is: one that may be written. Refuses everything else. */
  look(): Promise<number | undefined>;
  /** Lets go of the directory. */
  leave(): Promise<void>;
}

async function lookFor(target: Target, mode: WriterMode): Promise<number | undefined> {
  const permissions = await target.look();
  return permissions !== undefined && mode === "create" ? refuse("E_EXISTS", target.path) : permissions;
}

/** Where there are no hard links: the name is taken by an empty file, whose place the whole one takes. */
async function take(target: Target, temporary: string): Promise<void> {
  await (await open(target.at(target.name), CREATE, 0o666)).close();
  await rename(temporary, target.at(target.name));
}

const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** Gives the file its name, unless something has it. */
async function putNew(target: Target, temporary: string): Promise<void> {
  try {
    await link(temporary, target.at(target.name));
  } catch (error) {
    if (!NO_LINKS.some((code) => hasCode(error, code))) throw error;
    return await take(target, temporary);
  }
  await unlink(temporary);
}

interface Draft {
  readonly target: Target;
  readonly temporary: string;
  readonly handle: FileHandle;
}

/** A file of its own for what is written. It is never readable for more than the one that it replaces. */
async function newDraft(target: Target, mode: WriterMode): Promise<Draft> {
  const permissions = await lookFor(target, mode);
  const temporary = target.at(temporaryName(randomBytes(16).toString("hex")));
  const handle = await open(temporary, CREATE, permissions ?? 0o666);
  const draft = { target, temporary, handle };
  try {
    if (permissions !== undefined) await handle.chmod(permissions);
    return draft;
  } catch (error) {
    await scrap(draft);
    throw error;
  }
}

async function scrap({ temporary, handle }: Draft): Promise<void> {
  await handle.close().catch(() => undefined);
  await unlink(temporary).catch(() => undefined);
}

async function publish({ target, temporary, handle }: Draft, mode: WriterMode): Promise<void> {
  await handle.datasync();
  await handle.close();
  await lookFor(target, mode);
  if (mode === "create") await putNew(target, temporary);
  else await rename(temporary, target.at(target.name));
}

/** Adds to what was written, up to `most` bytes in all. A piece that came to the disk in part spoils the whole. */
function draftWriter(draft: Draft, mode: WriterMode, most: number): OpenWriter {
  const { target, handle } = draft;
  let size = 0;
  let isSpoilt = false;
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (size + bytes.length > most) refuse("E_TOO_LARGE", target.path);
    const wasSpoilt = isSpoilt;
    isSpoilt = true;
    await writeAll(handle, bytes, size);
    size += bytes.length;
    isSpoilt = wasSpoilt;
  };
  const finish = async (): Promise<void> => {
    try {
      if (isSpoilt) refuse("E_IO", target.path);
      await publish(draft, mode);
    } catch (error) {
      await scrap(draft);
      throw error;
    } finally {
      await target.leave();
    }
  };
  const abort = async (): Promise<void> => {
    await scrap(draft);
    await target.leave();
  };
  return {
    write: (bytes) => translatedUse(target.path, () => write(bytes)),
    finish: () => translated(target.path, finish),
    abort: () => abort().catch(() => undefined),
  };
}

/** A writer to a target, which it leaves when it is done, or at once if it cannot begin. */
export async function writerTo(target: Target, mode: "create" | "replace", most: number): Promise<OpenWriter> {
  try {
    return draftWriter(await newDraft(target, mode), mode, most);
  } catch (error) {
    await target.leave();
    throw error;
  }
}

/** A writer that adds to an open file; there is nothing to finish. */
export function appenderTo(handle: FileHandle, path: string, most: number): OpenWriter {
  const close = (): Promise<void> => translatedUse(path, () => handle.close());
  return {
    write: (bytes) =>
      translatedUse(path, async () => {
        const { size } = await handle.stat();
        if (size + bytes.length > most) refuse("E_TOO_LARGE", path);
        await writeAll(handle, bytes, null);
      }),
    finish: close,
    abort: () => close().catch(() => undefined),
  };
}

/** All of a file at once. */
export async function writeWhole(writer: OpenWriter, bytes: Uint8Array): Promise<void> {
  try {
    await writer.write(bytes);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.finish();
}
