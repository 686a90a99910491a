// The process's peak of resident memory since a moment. Exact on Linux, where the kernel lets a process reset its mark.
import { readFileSync, writeFileSync } from "node:fs";

const MIB = 1024 * 1024;

function peak(): number {
  try {
    const line = /VmHWM:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (line) return Number(line[1]) / 1024;
  } catch {
    // Not Linux: the mark since the process's start must do.
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** The function it gives answers by how many MiB the peak since exceeds what is resident now. */
export function watchMemory(): () => number {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // As above.
  }
  const before = process.memoryUsage().rss / MIB;
  return () => Math.round(peak() - before);
}
