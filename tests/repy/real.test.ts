// RepyV2's weak spots and cases that only the real thing shows: meters, handles, memory, files on disk, the host's loop.
import { createSocket } from "node:dgram";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RepyOptions } from "../../embed/api.ts";
import { FUEL_PER_SECOND } from "../../embed/api.ts";
import { directory, network } from "../../policy-libs/node/index.ts";
import { cordon } from "../embed/cordon.ts";
import { profileText } from "./harness.ts";

const HEAD =
  'const errorOf = async (call) => { try { await call(); return "no error"; } catch (error) { return error.name; } }; ';
const BURN = "const burn = (rounds) => { let n = 0; for (let i = 0; i < rounds; i++) n += i; }; ";

const repy = (program: string, more: Partial<RepyOptions> = {}) =>
  cordon.runRepy({ restrictions: profileText("FIXED"), ...more, program: HEAD + BURN + program });

const withCpu = (cpu: number): string => profileText("FIXED").replace(/resource cpu .*/, `resource cpu ${cpu}`);

describe("the processor", () => {
  test.for([0.1, 0.25, 0.5])(
    "B40 a program that may have %f of a core is stopped for what it used too much",
    async (cpu) => {
      const { end, usage } = await repy("while ((await getresources())[2].length < 3) burn(100000);", {
        ...{ restrictions: withCpu(cpu), virtual: true },
      });
      expect(end).toEqual({ kind: "completed" });
      // The virtual clock stands still while the program works: it is stopped after 0.1 s x (1 - cpu) of work. One slice,
      // a millisecond or some on a busy machine, may come on top of it.
      for (const [, duration] of usage.stops) {
        expect(duration).toBeGreaterThanOrEqual((0.1 * (1 - cpu)) / cpu - 1e-6);
        expect(duration).toBeLessThan((0.1 * (1 - cpu) + 0.02) / cpu);
      }
      expect(usage.cpu).toBeGreaterThanOrEqual(3 * 0.1 * (1 - cpu));
    },
  );

  test("B40 over time it has its part of a core and no more, by the host's clock", async () => {
    const { usage } = await repy("while ((await getruntime()) < 1.5) burn(20000);", { restrictions: withCpu(0.1) });
    // What may be used before the first stop, and a slice on a busy machine.
    expect(usage.cpu).toBeLessThanOrEqual(0.1 * usage.seconds + 0.09 + 0.03);
    expect(usage.fuel).toBe(Math.round(usage.cpu * FUEL_PER_SECOND));
  });

  test("W25 work before the first call counts: a program is stopped in its first interval", async () => {
    const { log, usage } = await repy("burn(2e6); await log(await getruntime());", { virtual: true });
    expect(usage.stops.length).toBeGreaterThan(0);
    expect(usage.stops[0]?.[0]).toBeLessThan(0.01);
    expect(Number(log[0])).toBeGreaterThan(0.8);
  });

  test("W25 who is stopped stops nobody else: not the host's timers, not another run", async () => {
    const over = new AbortController();
    const spinning = repy("for (;;) burn(1000);", { signal: over.signal, restrictions: withCpu(0.05) });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const other = await repy("for (let i = 0; i < 5; i++) { await sleep(0.02); } await log('done');");
    clearInterval(timer);
    over.abort();
    expect(other.log).toEqual(["done"]);
    expect(ticks).toBeGreaterThan(5);
    expect((await spinning).end).toEqual({ kind: "stopped" });
  });

  test("a whole core is not held back, and layers are metered with their program", async () => {
    const layer = {
      name: "busy",
      source: "let n = 0; for (let i = 0; i < 1e6; i++) n += i; secure_dispatch_module();",
    };
    const { usage } = await repy("await log(1);", { restrictions: withCpu(1), layers: [layer], virtual: true });
    expect(usage.stops).toEqual([]);
    expect(usage.fuel).toBeGreaterThan(1e8);
  });
});

describe("memory", () => {
  const most = 15_000_000;
  test.for([
    ["in one piece", '"x".repeat(2 ** 27).split("");'],
    ["little by little", 'const all = []; for (;;) all.push("x".repeat(10000) + all.length);'],
    ["in a buffer", "new Uint8Array(2 ** 28).fill(1);"],
  ] as const)("W24 no burst passes the limit: %s", async ([, text]) => {
    const { end, usage, log } = await repy(`${text} await log("never");`, { virtual: true });
    expect(end).toEqual({ kind: "limit", resource: "memory" });
    expect(log).toEqual([]);
    expect(usage.memory).toBeLessThanOrEqual(most);
  });

  test("W24 what was refused may be caught, and the run goes on within its limit", async () => {
    const { end, usage, log } = await repy(
      "await log(await errorOf(() => new Uint8Array(2 ** 28))); await log((await getresources())[1].memory <= 15000000);",
      { virtual: true },
    );
    expect(end).toEqual({ kind: "completed" });
    expect(log).toEqual(["InternalError", "true"]);
    expect(usage.memory).toBeLessThanOrEqual(most);
  });
});

const ECHO = `
  CHILD_CONTEXT_DEF.echo = { type: "func", args: ["any"], exceptions: "any", return: "any", target: (value) => value };
  secure_dispatch_module();`;

describe("arguments", () => {
  const layers = [{ name: "echo", source: ECHO }];

  test("W17 a deep or huge argument is refused while it is copied, and the run goes on", async () => {
    const { end, log } = await repy(
      `let deep = 1; for (let i = 0; i < 100000; i++) deep = [deep];
       await log(await errorOf(() => echo(deep)));
       const wide = []; for (let i = 0; i < 24; i++) wide.push(wide.slice());
       await log(await errorOf(() => echo(wide)));
       await log(JSON.stringify(await echo([1, "a", { b: null }])));`,
      { layers, restrictions: withCpu(1).replace(/memory \d+/, "memory 100000000"), virtual: true },
    );
    expect(end).toEqual({ kind: "completed" });
    expect(log).toEqual(["RepyArgumentError", "RepyArgumentError", '[1,"a",{"b":null}]']);
  });

  test("W17 copying is work of the caller: it pays for every byte", async () => {
    const costOf = async (length: number): Promise<number> => {
      const text = `const text = "x".repeat(${length}); for (let i = 0; i < 20; i++) await echo(text);`;
      return (await repy(text, { layers, restrictions: withCpu(1), virtual: true })).usage.fuel;
    };
    const [short, long] = [await costOf(10), await costOf(200_000)];
    expect(long - short).toBeGreaterThan(20 * 200_000 * 0.5);
  });
});

describe("objects", () => {
  test("W07 an object is what it was made as, however many were made and forgotten between", async () => {
    const source = `
      class Holder { constructor(id) { this.id = id; } get() { return this.id; } }
      CHILD_CONTEXT_DEF.hold = { type: "objc", args: ["int"], exceptions: null, target: (id) => new Holder(id),
        return: { "obj-type": Holder, name: "Holder", get: { type: "func", args: null, exceptions: null, return: "int" } } };
      secure_dispatch_module();`;
    const { log } = await repy(
      `const kept = new Map();
       for (let id = 0; id < 1500; id++) {
         const made = await hold(id);
         if (id % 10 === 0) kept.set(id, made);
         if (id % 100 === 0) new Array(20000).fill({}).map((x) => ({ ...x }));
       }
       let wrong = 0;
       for (const [id, made] of kept) if ((await made.get()) !== id) wrong++;
       await log(kept.size, wrong);`,
      { layers: [{ name: "holder", source }], restrictions: withCpu(1), virtual: true },
    );
    expect(log).toEqual(["150 0"]);
  });

  test("W07 a closed file stays closed, whatever was opened after it", async () => {
    const { log } = await repy(
      `const closed = [];
       for (let i = 0; i < 300; i++) { const file = await openfile("file" + (i % 7), true); await file.close(); closed.push(file); }
       const open = await openfile("file0", false);
       await open.writeat("secret", 0);
       const errors = new Set();
       for (const file of closed) errors.add(await errorOf(() => file.readat(null, 0)));
       await log([...errors].join(), await open.readat(null, 0));`,
      { virtual: true, restrictions: profileText("DEFAULT") },
    );
    expect(log).toEqual(["FileClosedError secret"]);
  });
});

describe("a real directory below RepyV2", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cordon-repy-"));
    writeFileSync(join(folder, "old.txt"), "héllo");
    symlinkSync("/etc/passwd", join(folder, "link"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is read, written and listed as bytes, and is never left", async () => {
    const { end, log } = await repy(
      `const old = await openfile("old.txt", false);
       await log((await old.readat(null, 0)).length, escape(await old.readat(3, 0)));
       const made = await openfile("made.bin", true);
       await made.writeat("\\0\\xff!", 0);
       await made.writeat("b", 1);
       await made.close();
       await log((await listfiles()).sort().join());
       await log(await errorOf(() => openfile("link", true)), await errorOf(() => openfile("../x", true)));
       await old.close();
       await removefile("old.txt");`.replace(
        "escape(await old.readat(3, 0))",
        "(await old.readat(3, 0)).charCodeAt(1)",
      ),
      { files: directory(folder), restrictions: profileText("DEFAULT") },
    );
    expect(end).toEqual({ kind: "completed" });
    expect(log).toEqual(["6 195", "made.bin,old.txt", "FileNotFoundError RepyArgumentError"]);
    expect(readdirSync(folder).sort()).toEqual(["link", "made.bin"]);
    expect([...readFileSync(join(folder, "made.bin"))]).toEqual([0, 98, 33]);
  });
});

/** A port of the loop that is free at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("the host's own loop below RepyV2", () => {
  test("a program talks to servers of this host by TCP and UDP, from its ports, and to no other", async () => {
    const server = createServer((socket) => socket.on("data", (data) => socket.end(`echo ${data}`)));
    const mailbox = createSocket("udp4");
    const heard = new Promise<string>((resolve) => mailbox.once("message", (data) => resolve(data.toString())));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    await new Promise<void>((resolve) => void mailbox.bind(0, "127.0.0.1", resolve));
    const [tcp, udp, own] = [(server.address() as { port: number }).port, mailbox.address().port, await freePort()];
    const restrictions = profileText("FIXED").replaceAll("12345", String(own));
    try {
      const { end, log } = await repy(
        `const ip = "127.0.0.1"; const [tcp, udp, own] = callargs.map(Number);
         const socket = await openconnection(ip, tcp, ip, own, 5);
         await socket.send("hello");
         let text = "";
         for (let turns = 0; turns < 500; turns++) {
           try { text += await socket.recv(100); }
           catch (error) { if (error instanceof SocketClosedRemote) break; await sleep(0.01); }
         }
         await log(text);
         await log(await sendmessage(ip, udp, "by mail", ip, own));
         await log(await errorOf(() => openconnection(ip, own, ip, own + 1, 1)), await errorOf(() => openconnection("127.0.0.2", tcp, ip, own, 1)));`,
        {
          ...{ restrictions, args: [tcp, udp, own].map(String) },
          net: ({ connport, messport }) =>
            network({
              ...{ allow: [`127.0.0.1:${tcp}`], udp: [`127.0.0.1:${udp}`] },
              ...{
                listen: connport.map((port) => `127.0.0.1:${port}`),
                bind: messport.map((port) => `127.0.0.1:${port}`),
              },
            }),
        },
      );
      expect(end).toEqual({ kind: "completed" });
      expect(log).toEqual(["echo hello", "7", "ResourceForbiddenError ResourceForbiddenError"]);
      expect(await heard).toBe("by mail");
    } finally {
      server.close();
      mailbox.close();
    }
  });
});
