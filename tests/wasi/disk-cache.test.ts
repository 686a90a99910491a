// Artifacts on disk: private, whole, bounded, and never a reason to fail.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultFolder, diskCache } from "../../embed/node/disk-cache.ts";

let home = "";
let folder = "";
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cordon-cache-")));
  folder = join(home, "cordon");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const key = (n: number): string => n.toString(16).padStart(64, "0");
const file = (n: number): string => join(folder, `${key(n)}.artifact`);
const bytes = (n: number, length = 10): Uint8Array => new Uint8Array(length).fill(n);
const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
const isRoot = process.geteuid?.() === 0;
const onUnix = test.skipIf(process.platform === "win32");

describe("diskCache", () => {
  test("keeps bytes from one process to the next", () => {
    expect(diskCache({ folder }).get(key(1))).toBeUndefined();
    expect(existsSync(folder)).toBe(false); // asking makes nothing
    diskCache({ folder }).set(key(1), bytes(1));
    expect(diskCache({ folder }).get(key(1))).toEqual(Buffer.from(bytes(1)));
    expect(readdirSync(folder)).toEqual([`${key(1)}.artifact`]);
    diskCache({ folder }).set(key(1), bytes(2));
    expect(diskCache({ folder }).get(key(1))).toEqual(Buffer.from(bytes(2)));
  });

  onUnix("the folder and its files are this user's alone, whatever the umask is", () => {
    const before = process.umask(0);
    try {
      diskCache({ folder }).set(key(1), bytes(1));
    } finally {
      process.umask(before);
    }
    expect([modeOf(folder), modeOf(file(1))]).toEqual([0o700, 0o600]);
  });

  onUnix("a folder or a file that others may look into or write to is not used", () => {
    const cache = diskCache({ folder });
    cache.set(key(1), bytes(1));
    for (const mode of [0o777, 0o770, 0o755]) {
      chmodSync(folder, mode);
      expect(cache.get(key(1))).toBeUndefined();
      cache.set(key(2), bytes(2));
      expect(existsSync(file(2))).toBe(false);
    }
    chmodSync(folder, 0o700);
    expect(cache.get(key(1))).toBeDefined();
    chmodSync(file(1), 0o666);
    expect(cache.get(key(1))).toBeUndefined();
    cache.set(key(1), bytes(3));
    expect([modeOf(file(1)), cache.get(key(1))]).toEqual([0o600, Buffer.from(bytes(3))]);
  });

  onUnix("nothing is kept directly below a folder that everybody may write to", () => {
    for (const mode of [0o777, 0o1777]) {
      chmodSync(home, mode);
      diskCache({ folder }).set(key(1), bytes(1));
      expect(existsSync(folder)).toBe(false);
    }
  });

  test.skipIf(!isRoot)("what belongs to another user is not used", () => {
    const cache = diskCache({ folder });
    cache.set(key(1), bytes(1));
    chownSync(file(1), 12_345, 12_345);
    expect(cache.get(key(1))).toBeUndefined();
    cache.set(key(2), bytes(2));
    chownSync(folder, 12_345, 12_345);
    expect(cache.get(key(2))).toBeUndefined();
    chownSync(folder, 0, 0);
    expect(cache.get(key(2))).toBeDefined();
    chownSync(home, 12_345, 12_345);
    expect(cache.get(key(2))).toBeUndefined();
  });

  onUnix("links are not followed, neither of the folder nor of an entry, and pipes not waited for", () => {
    const elsewhere = join(home, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o700 });
    symlinkSync(elsewhere, folder);
    diskCache({ folder }).set(key(1), bytes(1));
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(folder);
    diskCache({ folder }).set(key(1), bytes(1));
    writeFileSync(join(home, "secret"), "secret", { mode: 0o600 });
    symlinkSync(join(home, "secret"), file(2));
    expect(diskCache({ folder }).get(key(2))).toBeUndefined();
    diskCache({ folder }).set(key(2), bytes(2)); // in place of the link, not through it
    expect(readFileSync(join(home, "secret"), "utf8")).toBe("secret");
    expect(diskCache({ folder }).get(key(2))).toEqual(Buffer.from(bytes(2)));
    spawnSync("mkfifo", ["-m", "600", file(3)]);
    mkdirSync(file(4), { mode: 0o700 });
    for (const n of [3, 4]) expect(diskCache({ folder }).get(key(n))).toBeUndefined();
    diskCache({ folder }).set(key(4), bytes(4));
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("where nothing can be kept nothing is, without an error", () => {
    writeFileSync(join(home, "file"), "");
    for (const bad of [join(home, "file"), join(home, "file/below"), "/proc/cordon", "/dev/null/cordon", "a\0b"]) {
      const cache = diskCache({ folder: bad });
      expect(cache.get(key(1))).toBeUndefined();
      expect(cache.set(key(1), bytes(1))).toBeUndefined();
    }
  });

  test("a key is 64 digits and no path", () => {
    const cache = diskCache({ folder });
    for (const bad of ["../x", "", "x", `${key(1)}/../y`, key(1).toUpperCase().replace("0", "A"), 5 as never]) {
      cache.set(bad, bytes(1));
      expect(cache.get(bad)).toBeUndefined();
    }
    expect(existsSync(folder)).toBe(false);
  });

  test("its size is bounded: the oldest go first, and what was used is young", () => {
    const cache = diskCache({ folder, most: 100 });
    for (const n of [1, 2, 3]) {
      cache.set(key(n), bytes(n, 30));
      utimesSync(file(n), n, n);
    }
    cache.get(key(1));
    cache.set(key(4), bytes(4, 30));
    expect([1, 2, 3, 4].filter((n) => existsSync(file(n)))).toEqual([1, 3, 4]);
    cache.set(key(5), bytes(5, 101));
    expect([1, 3, 4, 5].filter((n) => existsSync(file(n)))).toEqual([1, 3, 4]);
    cache.set(key(6), bytes(6, 100));
    expect(readdirSync(folder)).toEqual([`${key(6)}.artifact`]);
  });

  test("half-written files are thrown out once they are old, and what is not its own is left alone", () => {
    const cache = diskCache({ folder, most: 10 });
    cache.set(key(1), bytes(1));
    const [old, young] = [`.${"a".repeat(36)}.tmp`, `.${"b".repeat(36)}.tmp`];
    for (const name of [old, young, "notes.txt"]) writeFileSync(join(folder, name), "x".repeat(50));
    utimesSync(join(folder, old), 1, 1);
    utimesSync(join(folder, "notes.txt"), 1, 1);
    cache.set(key(2), bytes(2));
    expect(readdirSync(folder).sort()).toEqual([young, `${key(2)}.artifact`, "notes.txt"]);
  });

  test("the default folder: $XDG_CACHE_HOME if it is absolute, else ~/.cache", () => {
    expect(defaultFolder({ XDG_CACHE_HOME: "/x" })).toBe(join("/x", "cordon"));
    for (const bad of ["", "relative", "./x"]) {
      expect(defaultFolder({ XDG_CACHE_HOME: bad })).toBe(join(homedir(), ".cache", "cordon"));
    }
  });
});
