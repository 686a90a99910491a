// The disk ledger: what the directory holds, 4,096 bytes for each file on top. Accounted at the write (W01, W24).

const PER_FILE = 4_096;

/** `files` is the base capability. What the directory held before counts too: a limit must survive a restart. */
export function createDisk({ files, limit, life }) {
  const sizes = new Map();
  let measuring;

  async function measure() {
    for (const { name, kind } of await files.list()) {
      if (kind === "file") sizes.set(name, (await files.stat(name)).size);
    }
  }

  const ready = () => {
    measuring ??= measure();
    return measuring;
  };

  const used = () => [...sizes.values()].reduce((sum, size) => sum + size + PER_FILE, 0);

  return {
    used: async () => {
      await ready();
      return used();
    },
    /** Before a file grows: over the limit the run ends, and the write does not happen. */
    async grow(name, size) {
      await ready();
      const before = sizes.get(name);
      if (before !== undefined && before >= size) return;
      const more = before === undefined ? size + PER_FILE : size - before;
      if (used() + more > limit) await life.end({ kind: "limit", resource: "diskused" });
      sizes.set(name, size);
    },
    async removed(name) {
      await ready();
      sizes.delete(name);
    },
  };
}
