// The charge column of sections 2.2 and 2.3 of the reference, to the byte, and what is held and given back.
import { describe, expect, test } from "vitest";
import { guestModule } from "./guest.ts";
import { type RepyOptions, type RepyRun, runRepy } from "./harness.ts";

const HEAD = `
  const errorOf = async (call) => { try { await call(); return "no error"; } catch (error) { return error.name; } };
  const used = async (name) => (await getresources())[1][name];
  const traffic = async (label) => {
    const usage = (await getresources())[1];
    await log(label, usage.loopsend, usage.looprecv, usage.netsend, usage.netrecv);
    await sleep(1);
  };
  `;

const program = (text: string, more: Partial<RepyOptions> = {}): Promise<RepyRun> =>
  runRepy({ profile: "THREEPORTS", ...more, program: { text: HEAD + text } });

interface Lock {
  acquire(blocking: boolean): Promise<boolean>;
  release(): Promise<void>;
}

type Repy = Readonly<Record<string, () => Promise<unknown>>>;
const { makeRepy } = await guestModule<{ makeRepy(base: object, text: string): Promise<Repy> }>("emulation/index.js");

describe("what traffic costs", () => {
  // Sending and receiving are looked at separately: usage drains at the next charge of the same resource only.
  test("on the own loop it is loopsend and looprecv", async () => {
    const { lines } = await program(
      `const ip = "127.0.0.1";
       const server = await listenforconnection(ip, 12345);
       await traffic("listened");
       const out = await openconnection(ip, 12345, ip, 12346, 1);
       await traffic("opened");
       const [, , into] = await server.getconnection();
       await traffic("accepted");
       await out.send("x".repeat(100));
       await traffic("sent");
       await into.recv(1000);
       await traffic("received");
       await out.close();
       await traffic("closed");`,
    );
    expect(lines).toEqual([
      "listened 0 0 0 0",
      "opened 128 64 0 0",
      "accepted 64 128 0 0",
      "sent 164 64 0 0",
      "received 64 164 0 0",
      "closed 128 64 0 0",
    ]);
  });

  test("to anywhere else it is netsend and netrecv", async () => {
    const { lines } = await program(
      `const ip = "10.0.0.5";
       const server = await listenforconnection(ip, 12345);
       const out = await openconnection(ip, 12345, ip, 12346, 1);
       await traffic("opened");
       const [, , into] = await server.getconnection();
       await traffic("accepted");
       await into.send("x".repeat(36));
       await traffic("sent");
       await out.recv(10);
       await traffic("received");`,
    );
    expect(lines).toEqual(["opened 0 0 128 64", "accepted 0 0 64 128", "sent 0 0 100 64", "received 0 0 64 74"]);
  });

  test("a datagram costs its bytes and 64, once at each end", async () => {
    const { lines } = await program(
      `const server = await listenformessage("127.0.0.1", 12345);
       await sendmessage("127.0.0.1", 12345, "x".repeat(36), "127.0.0.1", 12346);
       await traffic("sent");
       await server.getmessage();
       await traffic("received");`,
    );
    expect(lines).toEqual(["sent 100 0 0 0", "received 100 100 0 0"]);
  });

  test("what fails for want of data costs nothing", async () => {
    const { lines } = await program(
      `const ip = "127.0.0.1";
       const server = await listenforconnection(ip, 12345);
       await errorOf(() => server.getconnection());
       const udp = await listenformessage(ip, 12345);
       await errorOf(() => udp.getmessage());
       await traffic("nothing");`,
    );
    expect(lines).toEqual(["nothing 0 0 0 0"]);
  });

  test("a charge beyond a second's worth delays its own caller, exactly as long as section 3.3 says", async () => {
    const { seconds } = await program(
      `for (let i = 0; i < 3; i++) await sendmessage("10.0.0.5", 12345, "x".repeat(9216), "10.0.0.5", 12346);`,
    );
    // 3 * (9216 + 64) bytes at 10,000 a second, the first 10,000 free.
    expect(seconds).toBeCloseTo(1.784, 9);
  });
});

describe("what is held", () => {
  test("ports show up in the usage when they are used, whether or not that worked", async () => {
    const { lines } = await program(
      `await errorOf(() => listenforconnection("8.8.8.8", 12345));
       await sendmessage("127.0.0.1", 80, "x", "127.0.0.1", 12346);
       await errorOf(() => listenformessage("127.0.0.1", 9));
       const usage = (await getresources())[1];
       await log([...usage.connport].join(), [...usage.messport].join());`,
    );
    expect(lines).toEqual(["12345 12346"]);
  });

  test("a connection that finds no outsocket free is refused, and not lost", async () => {
    const { lines } = await program(
      `const ip = "127.0.0.1";
       const server = await listenforconnection(ip, 12345);
       const first = await openconnection(ip, 12345, ip, 12346, 1);
       const [, , into] = await server.getconnection();
       const others = [];
       for (const to of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) others.push(await openconnection(ip, 12345, to, 12347, 1));
       await log(await used("outsockets"), await errorOf(() => openconnection(ip, 12345, "127.0.0.4", 12347, 1)));
       await log(await errorOf(() => server.getconnection()), await errorOf(() => server.getconnection()));
       await first.close();
       const [from, port, socket] = await server.getconnection();
       await log(from, port, await used("outsockets"));
       await others[0].send("still there");
       await log(await socket.recv(20));`,
    );
    expect(lines).toEqual([
      "5 ResourceExhaustedError",
      "ResourceExhaustedError ResourceExhaustedError",
      "127.0.0.1 12347 5",
      "still there",
    ]);
  });

  test("a file that is closed while a transfer waits for its budget is in use until that is done", async () => {
    const { lines } = await program(
      `const slow = await openfile("slow.file", true);
       const other = await openfile("other.file", false);
       await sleep(2);
       await createthread(() => slow.writeat("x".repeat(50000), 0));
       await createthread(() => other.writeat("done", 0));
       await sleep(0.1);
       await other.close();
       await log(await used("filesopened"), await errorOf(() => openfile("other.file", false)), await errorOf(() => other.close()));
       await sleep(10);
       const again = await openfile("other.file", false);
       await log(await again.readat(null, 0));`,
      { profile: "FILE10K", files: { "other.file": "" } },
    );
    expect(lines).toEqual(["1 FileInUseError FileClosedError", "done"]);
  });

  test("a lock passes to who waits for it, and is never free in between", async () => {
    const { lines } = await program(
      `const lock = await createlock();
       await lock.acquire(true);
       const order = [];
       for (const name of ["first", "second"]) {
         await createthread(async () => { await lock.acquire(true); order.push(name); await sleep(0.1); await lock.release(); });
       }
       await sleep(0.1);
       await lock.release();
       await log(await lock.acquire(false));
       await sleep(1);
       await log(order.join(), await lock.acquire(false));`,
    );
    expect(lines).toEqual(["false", "first,second true"]);
  });
});

test("a lock that is released while somebody waits is not free for who asks in the same moment", async () => {
  const { createlock } = await guestModule<{ createlock(): Promise<Lock> }>("emulation/threads.js");
  const lock = await createlock();
  await lock.acquire(true);
  const waiting = lock.acquire(true);
  const [, atOnce, waited] = await Promise.all([lock.release(), lock.acquire(false), waiting]);
  expect([atOnce, waited]).toEqual([false, true]);
});

describe("W16 what must not happen ends the run, and no error of it reaches the program", () => {
  const base = (broken: object): object => ({
    clock: { monotonic: () => 0 },
    timers: { sleep: async (): Promise<void> => undefined },
    random: { bytes: async (): Promise<Uint8Array> => new Uint8Array(1024) },
    usage: { cpu: async () => ({ cpu: 0, threadcpu: 0, stops: [] }), memory: async () => 0 },
    files: { list: async () => [] },
    net: {},
    console: { write: async (): Promise<void> => undefined },
    ...broken,
  });
  const limits = "resource cpu 1\nresource memory 1\nresource diskused 1\nresource random 2000\nresource events 1";
  const failures: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["an error of the language", () => Promise.reject(new TypeError("of the host"))],
    ["undefined", () => Promise.reject(undefined)],
    ["an error with a code that nobody knows", () => Promise.reject(Object.assign(new Error("x"), { code: "E_IO" }))],
    ["a result that makes no sense", async () => undefined],
  ];
  test.for(failures)("%s, in a call without arguments", async ([, bytes]) => {
    const causes: unknown[] = [];
    const life = { end: (cause: unknown) => void causes.push(cause) };
    const repy = await makeRepy(base({ random: { bytes }, life }), limits);
    let answered = false;
    const answer = (): void => {
      answered = true;
    };
    repy["randombytes"]?.().then(answer, answer);
    repy["getruntime"]?.().catch(answer);
    await new Promise((resolve) => void setTimeout(resolve, 20));
    repy["getruntime"]?.().then(answer, answer);
    await new Promise((resolve) => void setTimeout(resolve, 20));
    expect(causes).toEqual([expect.objectContaining({ kind: "internal" })]);
    expect(answered).toBe(false);
  });
});
