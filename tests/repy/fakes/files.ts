// A flat directory in memory, as the files capability shows it to a guest.
import { refused } from "./refused.ts";

type Entry = { bytes: Uint8Array } | "directory";

function grown(bytes: Uint8Array, size: number): Uint8Array {
  if (size <= bytes.length) return bytes;
  const more = new Uint8Array(size);
  more.set(bytes);
  return more;
}

function handleOf(file: { bytes: Uint8Array }) {
  let isOpen = true;
  const checkOpen = (): void => {
    if (!isOpen) throw refused("E_CLOSED");
  };
  return {
    async size() {
      checkOpen();
      return file.bytes.length;
    },
    async readAt(offset: number, most: number) {
      checkOpen();
      return file.bytes.slice(offset, offset + most);
    },
    async writeAt(offset: number, bytes: Uint8Array) {
      checkOpen();
      file.bytes = grown(file.bytes, offset + bytes.length);
      file.bytes.set(bytes, offset);
    },
    async close() {
      isOpen = false;
    },
  };
}

/** Names to text of bytes (characters to 255), or to `undefined` for a directory. */
export function fakeFiles(initial: Readonly<Record<string, string | undefined>>) {
  const entries = new Map<string, Entry>();
  for (const [name, text] of Object.entries(initial))
    entries.set(name, text === undefined ? "directory" : { bytes: Uint8Array.from(text, (c) => c.charCodeAt(0)) });
  const find = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry === undefined) throw refused("E_NOT_FOUND");
    return entry;
  };
  return {
    async list() {
      const kindOf = (entry: Entry) => (entry === "directory" ? "directory" : "file");
      return [...entries].map(([name, entry]) => ({ name, kind: kindOf(entry) }));
    },
    async stat(name: string) {
      const entry = find(name);
      return entry === "directory" ? { kind: "directory", size: 0 } : { kind: "file", size: entry.bytes.length };
    },
    async open(name: string, { create }: { create: boolean }) {
      if (!entries.has(name) && create) entries.set(name, { bytes: new Uint8Array() });
      const entry = find(name);
      if (entry === "directory") throw refused("E_KIND");
      return handleOf(entry);
    },
    async remove(name: string) {
      find(name);
      entries.delete(name);
    },
  };
}
