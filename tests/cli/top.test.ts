// `cordon top`: what it shows, whom it believes, and who can reach it.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { sortedTenants } from "../../embed/cli/top/body.ts";
import { statsFrom, whichSocket } from "../../embed/cli/top/feed.ts";
import { newLook } from "../../embed/cli/top/look.ts";
import { readStats } from "../../embed/cli/top/read.ts";
import type { Stats, TenantRow } from "../../embed/cli/top/rows.ts";
import { bytes, duration, short } from "../../embed/cli/top/text.ts";
import { view } from "../../embed/cli/top/view.ts";
import { createPool, publishStats } from "../../embed/node/index.ts";
import { MOST_LINE, publishing, socketFolder } from "../../embed/node/stats-socket.ts";
import { beside } from "./command.ts";
import { domain, plain, stats, tenant } from "./top-world.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cordon-top-"));
  folders.push(folder);
  return folder;
}

describe("what is shown", () => {
  test("numbers are short, with the usual prefixes", () => {
    expect([0, 999, 1000, 1_250_000, 3e9, 5e12].map(short)).toEqual(["0", "999", "1.0k", "1.3M", "3.0G", "5.0T"]);
    expect([12, 2048, 3 * 2 ** 20, 2 ** 31].map(bytes)).toEqual(["12 B", "2.0 KiB", "3.0 MiB", "2.0 GiB"]);
    expect(duration(3_725_999)).toBe("01:02:05");
  });

  test("the busiest tenant is first, by what was asked for; equal ones by their names", () => {
    const rows = [tenant("b", 1, 9), tenant("a", 1, 1), tenant("c", 5, 2)];
    expect(sortedTenants(rows, "fuel").map(({ name }) => name)).toEqual(["c", "a", "b"]);
    expect(sortedTenants(rows, "memory").map(({ name }) => name)).toEqual(["b", "c", "a"]);
    expect(sortedTenants(rows, "name").map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test("a tenant's name drives no terminal", () => {
    const lines = view(stats([tenant("evil\u001b[2J\u202e", 1)]), newLook(), plain).join("\n");
    expect(lines).not.toMatch(/[\u001b\u202e]/);
    expect(lines).toContain("evil\\x1b[2J\\u202e");
    expect(lines).toContain("up 01:02:05");
    expect(lines).toContain("last lost: it was killed");
  });
});

describe("what is read", () => {
  test("a line is statistics whole, or nothing", () => {
    const good = JSON.stringify(stats([tenant("a", 1)], [domain(1, "a")]));
    expect(readStats(good)).toEqual(JSON.parse(good));
    for (let at = 0; at < good.length; at += 3) expect(readStats(good.slice(0, at))).toBeUndefined();
    const bad = ["", "null", "[]", "{}", '{"tenants":[],"workers":[]}', good.replace('"share":1', '"share":"1"')];
    for (const line of [...bad, good.replace('"fuel":1', '"fuel":null')]) expect(readStats(line)).toBeUndefined();
    for (const [of, other] of [
      ['"state":"idle"', '"state":"happy"'],
      ['"where":"inline"', '"where":1'],
      ['"id":1,"tenant"', '"id":"1","tenant"'],
      ['"asleep":0', '"asleep":null'],
    ] as const) {
      expect(good).toContain(of);
      expect(readStats(good.replace(of, other))).toBeUndefined();
    }
  });

  test("lines that are no statistics are passed over, and the end of the process ends it", async () => {
    const path = join(newFolder(), "s.sock");
    const server = createServer((socket) => socket.end(`junk\n${JSON.stringify(stats([]))}\n{"pid":1}\n`));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const seen: Stats[] = [];
    for await (const one of statsFrom(path)) seen.push(one);
    expect(seen).toEqual([JSON.parse(JSON.stringify(stats([])))]);
    server.close();
  });

  test.for([
    ["lines of something else", "junk\n".repeat(50)],
    ["a line that does not end", "x".repeat(MOST_LINE + 100_000)],
  ])("%s are not waited for", async ([, junk]) => {
    const path = join(newFolder(), "s.sock");
    const server = createServer((socket) => socket.on("error", () => undefined).write(junk as string));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(statsFrom(path).next()).rejects.toThrow(/no statistics of this version/);
    server.close();
  });

  test("where nothing is published the command says what to do", () => {
    expect(() => whichSocket("999999999")).toThrow(/process 999999999 publishes no statistics/);
  });
});

describe("what is published", () => {
  const stops: (() => void)[] = [];
  afterEach(() => stops.splice(0).forEach((stop) => void stop()));

  test("a pool's tenants, to this user alone, until it is stopped", async () => {
    await using pool = await createPool({ isolation: "inline", tenants: { acme: {} } });
    const published = await publishStats(pool, { every: 20 });
    stops.push(published.stop);
    expect(statSync(dirname(published.path)).mode & 0o077).toBe(0);
    expect(publishing().get(process.pid)).toBe(published.path);
    await pool.run({ tenant: "acme", source: "1 + 1" });
    for await (const one of statsFrom(published.path)) {
      expect(one.tenants.map(({ name, jobs }) => [name, jobs])).toEqual([["acme", 1]]);
      break;
    }
    published.stop();
    published.stop();
    await expect(statsFrom(published.path).next()).rejects.toThrow();
  });

  test("a process that was killed publishes nothing, and what it has left is swept away", async () => {
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    const path = join(socketFolder(), `${gone}.sock`);
    stops.push((await publishStats({ stats: () => ({}) })).stop);
    writeFileSync(path, "");
    expect(publishing().has(gone)).toBe(false);
    expect(() => whichSocket(String(gone))).toThrow(/publishes no statistics/);
    stops.splice(0).forEach((stop) => void stop());
    stops.push((await publishStats({ stats: () => ({}) })).stop);
    expect(existsSync(path)).toBe(false);
    expect(publishing().has(process.pid)).toBe(true);
  });

  test("a line is bounded, whatever there is to tell of, and tells of what uses the most", async () => {
    const name = (n: number): string => `${n}`.padEnd(5_000, "\u202e");
    const rows = Array.from({ length: 3_000 }, (_, n) => tenant(name(n), n));
    const asked: unknown[] = [];
    const watched = {
      stats(most: unknown) {
        asked.push(most);
        const { tenants } = most as { tenants: number };
        return { ...stats(rows.slice(-tenants)), note: "x".repeat(1_000_000) };
      },
    };
    const published = await publishStats(watched as object as Parameters<typeof publishStats>[0], { rows: 3_000 });
    stops.push(published.stop);
    const one = (await statsFrom(published.path).next()).value as Stats;
    expect(asked.slice(0, 2)).toEqual([
      { tenants: 3_000, domains: 3_000 },
      { tenants: 1_500, domains: 1_500 },
    ]);
    expect(one.tenants.length).toBeGreaterThan(500);
    expect(JSON.stringify(one).length).toBeLessThanOrEqual(MOST_LINE);
    expect(one.tenants.at(-1)?.name).toBe(`${name(2_999).slice(0, 200)}…`);
  });

  test("nobody who writes to it changes anything, and at most sixteen watch", async () => {
    let asked = 0;
    const published = await publishStats({ stats: () => ({ asked: ++asked }) }, { every: 3_600_000 });
    stops.push(published.stop);
    const sockets = Array.from({ length: 20 }, () => connect(published.path).on("error", () => undefined));
    const closed = sockets.map((socket) => new Promise<boolean>((resolve) => socket.on("close", () => resolve(true))));
    for (const socket of sockets) socket.resume().write("x".repeat(100_000));
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300));
    const gone = await Promise.all(closed.map((one) => Promise.race([one, late])));
    expect(gone.filter(Boolean)).toHaveLength(4);
    expect(asked).toBe(16);
    for (const socket of sockets) socket.destroy();
  });

  test("options that are wrong, a folder that is open to others, and a path that is taken are refused", async () => {
    const watched = { stats: () => ({}) };
    for (const every of [0, -1, Number.NaN, 1e12])
      await expect(publishStats(watched, { every })).rejects.toThrow(/every/);
    for (const rows of [0, -1, 1.5, Number.NaN, 1e9])
      await expect(publishStats(watched, { rows })).rejects.toThrow(/rows must be/);
    await expect(publishStats({} as typeof watched)).rejects.toThrow(/takes a pool/);
    await expect(publishStats(watched, { nope: 1 } as object)).rejects.toThrow(/no option/);
    const folder = newFolder();
    const path = join(folder, "s.sock");
    stops.push((await publishStats(watched, { path })).stop);
    await expect(publishStats(watched, { path })).rejects.toMatchObject({ code: "E_OPTION" });
    const before = process.env["XDG_RUNTIME_DIR"];
    process.env["XDG_RUNTIME_DIR"] = folder;
    try {
      stops.push((await publishStats(watched)).stop);
      chmodSync(join(folder, `cordon-${process.geteuid?.()}`), 0o755);
      await expect(publishStats(watched)).rejects.toThrow(/this user alone/);
    } finally {
      if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
      else process.env["XDG_RUNTIME_DIR"] = before;
    }
  });
});

test("the demo shows its three tenants with their domains, and ends by itself", async () => {
  const { code, out } = await beside(["top", "--demo", "--once", "--json"]);
  expect(code).toBe(0);
  const { tenants, domains, totals } = JSON.parse(out) as Stats;
  expect(tenants.map(({ name }: TenantRow) => name)).toEqual(["acme", "small", "idle"]);
  expect(totals.domains).toBe(domains.length);
  const states = (of: string): string[] => domains.filter((row) => row.tenant === of).map(({ state }) => state);
  expect(states("acme")).toHaveLength(2);
  expect(new Set(states("idle"))).toEqual(new Set(["parked", "idle", "asleep"]));
});

test("words that mean nothing are told", async () => {
  for (const words of [
    ["--view", "all"],
    ["--rows", "0"],
    ["--rows", "many"],
    ["--sort", "age"],
  ]) {
    const { code, err } = await beside(["top", "--demo", "--once", ...words]);
    expect([code, err.split("\n")[0]]).toEqual([2, expect.stringContaining(`${words[0]} ${words[1]}: `)]);
  }
});
