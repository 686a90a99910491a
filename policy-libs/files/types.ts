// What every kind of file tree does, virtual or real. Arguments are alleged: the guest chose them.

export type EntryKind = "file" | "directory" | "link" | "other";

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

export interface EntryFacts {
  readonly kind: EntryKind;
  /** Bytes of a file; 0 for everything else. */
  readonly size: number;
  readonly modified: Date;
}

/** What a guest may be made to wait for, or to carry, in one call. */
export interface FilesBounds {
  /** Bytes of one file, read or written. */
  readonly maxFileBytes: number;
  /** Entries of one directory. */
  readonly maxEntries: number;
}

/** Below the kernel's 64 MiB for one value, with room for its envelope. */
export const DEFAULT_BOUNDS: FilesBounds = { maxFileBytes: 32 * 1024 * 1024, maxEntries: 10_000 };

/** The bytes that a guest meant, or a refusal. Copied by the gate already: nobody changes them under us. */
export interface FilesReader {
  readBytes(allegedPath: unknown): Promise<Uint8Array>;
  list(allegedPath: unknown): Promise<readonly Entry[]>;
  stat(allegedPath: unknown): Promise<EntryFacts>;
}

export interface FilesWriter {
  writeBytes(allegedPath: unknown, bytes: Uint8Array): Promise<void>;
  append(allegedPath: unknown, bytes: Uint8Array): Promise<void>;
  remove(allegedPath: unknown): Promise<void>;
  makeDirectory(allegedPath: unknown): Promise<void>;
  rename(allegedFrom: unknown, allegedTo: unknown): Promise<void>;
}

/** A place where files are: what a capability of files is made of. */
export type FilesPlace = FilesReader & FilesWriter;
