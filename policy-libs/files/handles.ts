// Open things as capabilities: what is common to files, readers, writers and watches, and each of them.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { account } from "../meter/index.ts";
import { whenUnused } from "../unused.ts";
import { FILE, READER, WATCH, WRITER } from "./handle-contract.ts";
import type { Life } from "./life.ts";
import { refuse } from "./refusal.ts";
import { payRead, payWrite, type Tariff } from "./tariff.ts";
import { checkBytes, contentsOf } from "./text.ts";
import { MAX_TRANSFER, type OpenFile, type OpenWatch, type OpenWriter } from "./types.ts";

/** A thing that is open, in the guest's words and at whose cost. */
export interface Opened<T> {
  readonly thing: T;
  readonly life: Life;
  readonly path: string;
  readonly tariff: Tariff;
}

/** The kernel has checked what a guest passes; a host may call these functions too. */
export function checkCount(alleged: unknown, most: number, fallback?: number): number {
  if (alleged === undefined && fallback !== undefined) return fallback;
  const isCount = Number.isSafeInteger(alleged) && (alleged as number) >= 0 && (alleged as number) <= most;
  return isCount ? (alleged as number) : refuse("E_VALUE", `a count that is none, or above ${most}`);
}

const ANY = Number.MAX_SAFE_INTEGER;

async function demandInside(file: OpenFile, offset: number, path: string): Promise<number> {
  const size = await file.size();
  return offset <= size ? size : refuse("E_PAST_END", path);
}

export function fileHandle({ thing, life, path, tariff }: Opened<OpenFile>, writes: boolean): GrantedOf<typeof FILE> {
  const change = async (work: () => Promise<void>): Promise<void> => {
    life.check();
    if (!writes) refuse("E_READ_ONLY", path);
    return await life.run(work);
  };
  const file = capability(FILE, {
    size: async () => await life.run(() => thing.size()),
    readAt: async (offset, most) => {
      const [payer, from, wanted] = [account(), checkCount(offset, ANY), checkCount(most, MAX_TRANSFER, MAX_TRANSFER)];
      const read = async (): Promise<Uint8Array> => {
        const size = await demandInside(thing, from, path);
        return await thing.read(from, Math.min(wanted, size - from));
      };
      return await life.run(() => payRead(payer, tariff, from, read));
    },
    writeAt: async (offset, bytes) => {
      const [payer, at, given] = [account(), checkCount(offset, ANY), checkBytes(bytes)];
      return await change(async () => {
        await demandInside(thing, at, path);
        await payWrite(payer, tariff.transfer(at, given.length), () => thing.write(at, given, payer));
      });
    },
    truncate: async (size) => {
      const to = checkCount(size, ANY);
      return await change(async () => {
        await demandInside(thing, to, path);
        await thing.truncate(to);
      });
    },
    flush: async () => await life.run(() => thing.flush()),
    close: async () => await life.end(() => thing.close()),
  });
  return whenUnused(file, life.leave);
}

/** Bytes of one read, if the guest does not say. */
const PIECE = 65_536;

export interface Range {
  readonly from: number;
  readonly to: number;
}

export function readerHandle({ thing, life, tariff }: Opened<OpenFile>, { from, to }: Range): GrantedOf<typeof READER> {
  let at = from;
  const reader = capability(READER, {
    read: async (most) => {
      const [payer, wanted] = [account(), checkCount(most, MAX_TRANSFER, PIECE)];
      return await life.run(async () => {
        const bytes = await payRead(payer, tariff, at, () => thing.read(at, Math.min(wanted, to - at)));
        at += bytes.length;
        return bytes;
      });
    },
    close: async () => await life.end(() => thing.close()),
  });
  return whenUnused(reader, life.leave);
}

export function writerHandle({ thing, life, tariff }: Opened<OpenWriter>): GrantedOf<typeof WRITER> {
  let at = 0;
  const writer = capability(WRITER, {
    write: async (contents) => {
      const [payer, bytes] = [account(), contentsOf(contents)];
      return await life.run(async () => {
        await payWrite(payer, tariff.transfer(at, bytes.length), () => thing.write(bytes, payer));
        at += bytes.length;
      });
    },
    close: async () => await life.end(() => thing.finish()),
    abort: async () => await life.end(() => thing.abort()),
  });
  return whenUnused(writer, life.leave);
}

export function watchHandle({ thing, life }: Opened<OpenWatch>): GrantedOf<typeof WATCH> {
  const watch = capability(WATCH, {
    next: async () => {
      life.check();
      return await thing.next();
    },
    close: async () => await life.end(() => thing.close()),
  });
  return whenUnused(watch, life.leave);
}
