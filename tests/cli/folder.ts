// A folder of the host for the tests of one file: it is there when they are read, and gone when they are over.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

export interface Folder {
  readonly folder: string;
  /** Writes a file there; its path. */
  file(name: string, text: string | Uint8Array): string;
}

/** `files`: what is in it at the beginning. A name that ends with / is a folder. */
export function newFolder(name: string, files: Readonly<Record<string, string>> = {}): Folder {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `cordon-${name}-`)));
  const file = (path: string, text: string | Uint8Array): string => {
    const whole = join(folder, path);
    mkdirSync(path.endsWith("/") ? whole : dirname(whole), { recursive: true });
    if (!path.endsWith("/")) writeFileSync(whole, text);
    return whole;
  };
  for (const [path, text] of Object.entries(files)) file(path, text);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, file };
}
