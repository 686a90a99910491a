// The calls of files that open something, and those that are made of them: copy and truncate.
import type { Functions } from "../contract/index.ts";
import { type Account, account } from "../meter/index.ts";
import { newQueue } from "../queue.ts";
import type { FILES } from "./contract.ts";
import { newDoor, type Opening } from "./door.ts";
import { checkCount, fileHandle, type Range, readerHandle, watchHandle, writerHandle } from "./handles.ts";
import { refuse } from "./refusal.ts";
import { payRead, payWrite, type Tariff } from "./tariff.ts";
import {
  type FilesPlace,
  MODES,
  type OpenFile,
  type OpenHow,
  type OpenWatch,
  type OpenWriter,
  type WriterMode,
} from "./types.ts";

const READ: OpenHow = { write: false, create: false, exclusive: false, truncate: false };
const WRITE: OpenHow = { ...READ, write: true };

type Options = { readonly [K in keyof OpenHow]?: boolean | undefined };

function howOf(options: Options | undefined): OpenHow {
  const { write = false, create = false, exclusive = false, truncate = false } = options ?? {};
  if ((create || truncate) && !write) refuse("E_VALUE", "create and truncate go with write");
  if (exclusive && !create) refuse("E_VALUE", "exclusive goes with create");
  return { write, create, exclusive, truncate };
}

/** An entry is paid for before it may be made, and only if it was. */
async function openPaid(place: FilesPlace, tariff: Tariff, path: unknown, how: OpenHow, payer: Account) {
  if (!how.create || tariff.entry === 0) return await place.open(path, how, payer);
  await payer.wait("fileWrite", 0);
  payer.charge("fileWrite", tariff.entry);
  let made = false;
  try {
    const file = await place.open(path, how, payer);
    made = file.made;
    return file;
  } finally {
    if (!made) payer.refund("fileWrite", tariff.entry);
  }
}

const ofFile = (open: (payer: Account) => Promise<OpenFile>): Opening<OpenFile> => ({
  open,
  discard: (file) => file.close(),
});

async function openRange(place: FilesPlace, path: unknown, { from }: Range, payer: Account): Promise<OpenFile> {
  const file = await place.open(path, READ, payer);
  const isInside = from === 0 || from <= (await file.size().catch(() => -1));
  if (isInside) return file;
  await file.close();
  return refuse("E_PAST_END", String(path));
}

function rangeOf(options: { readonly from?: number | undefined; readonly to?: number | undefined } = {}): Range {
  const from = checkCount(options.from, Number.MAX_SAFE_INTEGER, 0);
  const to = checkCount(options.to, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return to < from ? refuse("E_VALUE", "a range that ends before it begins") : { from, to };
}

function modeOf(alleged: unknown): WriterMode {
  const mode = alleged ?? "replace";
  return MODES.find((known) => known === mode) ?? refuse("E_VALUE", "a mode that is none");
}

const COPIED = 1 << 20; // bytes in memory at a time
/** Calls that run at once of those that open and close within: they are not counted as open. */
const AT_ONCE = 16;

async function copyAll(from: OpenFile, to: OpenWriter, tariff: Tariff, payer: Account): Promise<void> {
  for (let at = 0; ; ) {
    const bytes = await payRead(payer, tariff, at, () => from.read(at, COPIED));
    if (bytes.length === 0) return;
    await payWrite(payer, tariff.transfer(at, bytes.length), () => to.write(bytes, payer));
    at += bytes.length;
  }
}

async function copy(place: FilesPlace, tariff: Tariff, from: unknown, to: unknown, payer: Account): Promise<void> {
  const source = await place.open(from, READ, payer);
  try {
    const target = await place.openWriter(to, "replace", payer);
    try {
      await copyAll(source, target, tariff, payer);
    } catch (error) {
      await target.abort();
      throw error;
    }
    await target.finish();
  } finally {
    await source.close();
  }
}

async function truncate(place: FilesPlace, path: unknown, size: number): Promise<void> {
  const file = await place.open(path, WRITE);
  try {
    if (size > (await file.size())) refuse("E_PAST_END", String(path));
    await file.truncate(size);
  } finally {
    await file.close();
  }
}

type Calls = "copy" | "truncate" | "open" | "openReader" | "openWriter" | "watch";

export function opener(place: FilesPlace, tariff: Tariff): Pick<Functions<typeof FILES>, Calls> {
  const door = newDoor(place.bounds.maxOpen, tariff);
  const queue = newQueue(AT_ONCE);
  return {
    copy: async (from, to) => {
      const payer = account();
      await queue(() => copy(place, tariff, from, to, payer));
    },
    truncate: async (path, size) => {
      const to = checkCount(size, Number.MAX_SAFE_INTEGER);
      await queue(() => truncate(place, path, to));
    },
    open: async (path, options) => {
      const how = howOf(options);
      const opening = ofFile((payer) => openPaid(place, tariff, path, how, payer));
      return fileHandle(await door.open(path, opening), how.write);
    },
    openReader: async (path, options) => {
      const range = rangeOf(options);
      const opening = ofFile((payer) => openRange(place, path, range, payer));
      return readerHandle(await door.open(path, opening), range);
    },
    openWriter: async (path, options) => {
      const mode = modeOf(options?.mode);
      const open = (payer: Account): Promise<OpenWriter> => place.openWriter(path, mode, payer);
      return writerHandle(await door.open(path, { open, discard: (writer) => writer.abort() }));
    },
    watch: async (path) => {
      const discard = (watch: OpenWatch): Promise<void> => watch.close();
      return watchHandle(await door.open(path, { open: () => place.watch(path), discard }));
    },
  };
}
