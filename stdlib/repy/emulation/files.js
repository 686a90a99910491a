// Files: one flat directory, at most one open handle per file, charges by aligned blocks of 4,096 bytes.
//
// Order of checks (W10), the same in contracts.js and in the tests:
//   openfile    argument, in use, exhausted, charge fileread, not found, charge filewrite, create
//   removefile  argument, in use, charge fileread, not found, charge filewrite, remove
//   readat, writeat  argument, closed, past the end, wait, transfer, charge
// No name is held by a lock while budget is waited for (W13): a name in use is refused at once.
import { raise } from "../errors.js";
import { toBytes, toText } from "./bytes.js";
import { argument, checkBoolean, checkInteger } from "./check.js";
import { below } from "./refusals.js";

export const BLOCK = 4_096; // bytes
const PIECE = 262_144; // bytes of one transfer below
const NAME = /^[a-z0-9_-][a-z0-9._-]{0,119}$/;

const MEANINGS = new Map([
  ["E_NOT_FOUND", "FileNotFoundError"],
  ["E_KIND", "FileNotFoundError"],
  ["E_IN_USE", "FileInUseError"],
]);

function checkName(name) {
  if (typeof name !== "string" || !NAME.test(name)) argument("the file name is not allowed");
}

/** Bytes charged for a transfer of n bytes at an offset: at least one block, also for no bytes (W15). */
export function blocksOf(offset, n) {
  const end = offset + n;
  const blocks = Math.floor(end / BLOCK) - Math.floor(offset / BLOCK) + (end % BLOCK === 0 ? 0 : 1);
  return Math.max(1, blocks) * BLOCK;
}

async function readPieces(handle, offset, most) {
  const pieces = [];
  for (let at = offset, left = most; left > 0; ) {
    const bytes = await handle.readAt(at, Math.min(left, PIECE));
    if (bytes.length === 0) break;
    pieces.push(toText(bytes));
    at += bytes.length;
    left -= bytes.length;
  }
  return pieces.join("");
}

async function writePieces(handle, offset, bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) await handle.writeAt(offset + at, bytes.subarray(at, at + PIECE));
}

function createFile({ name, handle, size: sizeAtOpen, nanny, disk, release, forget }) {
  let size = sizeAtOpen;
  let isClosed = false;
  let transfers = 0;

  /** A close during a transfer lets it finish: the base handle is closed, and the name freed, by whoever comes last. */
  async function finish() {
    if (!isClosed || transfers > 0) return;
    try {
      await handle.close();
    } finally {
      forget();
    }
  }

  async function transfer(resource, offset, action) {
    if (isClosed) raise("FileClosedError", `${name} is closed`);
    if (offset > size) raise("SeekPastEndOfFileError", `${name} ends before ${offset}`);
    transfers++;
    try {
      await nanny.wait(resource);
      return await below(MEANINGS, action);
    } finally {
      transfers--;
      if (isClosed) await finish();
    }
  }

  return {
    async readat(sizelimit, offset) {
      if (sizelimit !== null && sizelimit !== undefined) checkInteger(sizelimit, 0, "sizelimit");
      checkInteger(offset, 0, "offset");
      const most = sizelimit ?? Number.POSITIVE_INFINITY;
      const text = await transfer("fileread", offset, () => readPieces(handle, offset, most));
      await nanny.charge("fileread", blocksOf(offset, text.length));
      return text;
    },
    async writeat(data, offset) {
      const bytes = toBytes(data, "data");
      checkInteger(offset, 0, "offset");
      await transfer("filewrite", offset, async () => {
        await disk.grow(name, offset + bytes.length);
        await writePieces(handle, offset, bytes);
        size = Math.max(size, offset + bytes.length);
      });
      await nanny.charge("filewrite", blocksOf(offset, bytes.length));
    },
    async close() {
      if (isClosed) raise("FileClosedError", `${name} is closed already`);
      isClosed = true;
      release();
      await below(MEANINGS, finish);
    },
  };
}

/** "file", "directory", ... or undefined if nothing has this name. */
async function kindOf(files, name) {
  try {
    return (await below(MEANINGS, () => files.stat(name))).kind;
  } catch (error) {
    if (error.name === "FileNotFoundError") return undefined;
    throw error;
  }
}

const openBase = (files, name, create) => below(MEANINGS, () => files.open(name, { create, write: true }));

export function createFiles({ files, nanny, disk }) {
  const inUse = new Set();

  const checkFree = (name) => {
    if (inUse.has(name)) raise("FileInUseError", `${name} is open`);
  };

  async function openOrCreate(name, create) {
    await nanny.wait("fileread");
    const kind = await kindOf(files, name);
    await nanny.charge("fileread", BLOCK);
    if (kind === "file") return openBase(files, name, false);
    if (kind !== undefined || !create) raise("FileNotFoundError", `there is no file ${name}`);
    await nanny.wait("filewrite");
    await disk.grow(name, 0);
    const made = await openBase(files, name, true);
    await nanny.charge("filewrite", BLOCK);
    return made;
  }

  async function openfile(name, create) {
    checkName(name);
    checkBoolean(create, "create");
    checkFree(name);
    const release = nanny.take("filesopened");
    const forget = () => inUse.delete(name);
    inUse.add(name);
    try {
      const handle = await openOrCreate(name, create);
      return createFile({ name, handle, size: await handle.size(), nanny, disk, release, forget });
    } catch (error) {
      release();
      forget();
      throw error;
    }
  }

  async function listfiles() {
    await nanny.wait("fileread");
    const entries = await below(MEANINGS, () => files.list());
    await nanny.charge("fileread", BLOCK);
    // Only what can be named here is listed (W26).
    return entries.filter(({ name, kind }) => kind === "file" && NAME.test(name)).map(({ name }) => name);
  }

  async function removefile(name) {
    checkName(name);
    checkFree(name);
    inUse.add(name);
    try {
      await nanny.wait("fileread");
      const kind = await kindOf(files, name);
      await nanny.charge("fileread", BLOCK);
      if (kind !== "file") raise("FileNotFoundError", `there is no file ${name}`);
      await nanny.wait("filewrite");
      await below(MEANINGS, () => files.remove(name));
      await disk.removed(name);
      await nanny.charge("filewrite", BLOCK);
    } finally {
      inUse.delete(name);
    }
  }

  return { openfile, listfiles, removefile };
}
