// What every kind of file tree does, virtual or real. Arguments are alleged: the guest chose them.
import type { Account } from "../meter/index.ts";

/** Who is charged for room on a disk that the place itself keeps. Real disks are the host's: they charge nobody. */
export type Payer = Pick<Account, "charge" | "refund">;

export const KINDS = ["file", "directory", "link", "other"] as const;
/** What a name stands for. */
export type EntryKind = (typeof KINDS)[number];

/** A name in a directory. */
export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** What `stat` tells. */
export interface EntryFacts {
  readonly kind: EntryKind;
  /** Bytes of a file; 0 for everything else. */
  readonly size: number;
  readonly modified: Date;
}

/** What a guest may be made to wait for, or to carry, in one call, and what it may keep. */
export interface FilesBounds {
  /** Bytes of one file: read as a whole, or written in whatever way. */
  readonly maxFileBytes: number;
  /** Entries of one directory, or of one listing. */
  readonly maxEntries: number;
  /** Files, readers, writers and watches that are open at once. On a real host each keeps up to two descriptors. */
  readonly maxOpen: number;
}

/** Bytes that one call of a handle reads. Below the kernel's 64 MiB for one value, with room for its envelope. */
export const MAX_TRANSFER = 32 * 1024 * 1024;

/** Entries of one listing, whatever the bounds of a place say. */
export const MOST_LISTED = 100_000;

export const DEFAULT_BOUNDS: FilesBounds = { maxFileBytes: MAX_TRANSFER, maxEntries: 10_000, maxOpen: 256 };

/** The bytes that a guest meant, or a refusal. Copied by the gate already: nobody changes them under us. */
export interface FilesReader {
  readBytes(allegedPath: unknown): Promise<Uint8Array>;
  list(allegedPath: unknown): Promise<readonly Entry[]>;
  stat(allegedPath: unknown): Promise<EntryFacts>;
}

export interface FilesWriter {
  /** Makes or replaces a file: whoever looks sees the old bytes or the new ones, never some of each. */
  writeBytes(allegedPath: unknown, bytes: Uint8Array, payer?: Payer): Promise<void>;
  append(allegedPath: unknown, bytes: Uint8Array, payer?: Payer): Promise<void>;
  remove(allegedPath: unknown): Promise<void>;
  makeDirectory(allegedPath: unknown): Promise<void>;
  rename(allegedFrom: unknown, allegedTo: unknown): Promise<void>;
}

/** How a file is opened. `create` and `truncate` are changes, and only go with `write`; `exclusive` with `create`. */
export interface OpenHow {
  readonly write: boolean;
  readonly create: boolean;
  /** There must be no such entry yet. */
  readonly exclusive: boolean;
  readonly truncate: boolean;
}

/** An open file: the very one that was opened, whatever its name means by now. Counts are checked by who calls. */
export interface OpenFile {
  /** Opening has made it. */
  readonly made: boolean;
  size(): Promise<number>;
  /** As many bytes as there are, at most `most`: fewer at the end only. */
  read(offset: number, most: number): Promise<Uint8Array>;
  write(offset: number, bytes: Uint8Array, payer?: Payer): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Comes back when what was written would survive the host. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** `create`: there must be none when it is finished. `replace`: takes the place of what there is. `append`: adds to it. */
export const MODES = ["create", "replace", "append"] as const;
/** What becomes of a file that is there already. */
export type WriterMode = (typeof MODES)[number];

/** A stream into a file, as a place of files makes it. */
export interface OpenWriter {
  write(bytes: Uint8Array, payer?: Payer): Promise<void>;
  /** What was written becomes the file, all of it at once. The writer is closed, also by a refusal. */
  finish(): Promise<void>;
  /** Nothing has happened, but what `append` has added stays. Never fails. */
  abort(): Promise<void>;
}

export const CHANGES = ["changed", "appeared", "removed"] as const;
/** What happened to a watched name. */
export type ChangeKind = (typeof CHANGES)[number];

/** `path` is seen from what is watched: the name of an entry of a directory, "." for the watched entry itself. */
export interface Change {
  readonly kind: ChangeKind;
  readonly path: string;
}

/** A watch, as a place of files makes it. */
export interface OpenWatch {
  /** The oldest change that was not told yet; waits for one. Refused with E_CLOSED when the watch is closed. */
  next(): Promise<Change>;
  close(): Promise<void>;
}

export interface FilesOpener {
  open(allegedPath: unknown, how: OpenHow, payer?: Payer): Promise<OpenFile>;
  openWriter(allegedPath: unknown, mode: WriterMode, payer?: Payer): Promise<OpenWriter>;
  watch(allegedPath: unknown): Promise<OpenWatch>;
}

/** A place where files are: what a capability of files is made of. */
export interface FilesPlace extends FilesReader, FilesWriter, FilesOpener {
  readonly bounds: FilesBounds;
}
