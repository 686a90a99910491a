// The small capabilities as guests have them: through the kernel, under their contracts.
import { describe, expect, test } from "vitest";
import type { Grant } from "../../embed/capability.ts";
import {
  args,
  clock,
  consoleTo,
  digest,
  env,
  mailbox,
  pipe,
  random,
  secrets,
  semaphore,
  sharedBytes,
  sharing,
  timers,
  virtualClock,
  virtualTerminal,
} from "../../policy-libs/index.ts";
import { createSandbox, gave, run } from "../embed/cordon.ts";

const given = async (source: string, grant: Readonly<Record<string, Grant>>): Promise<unknown> =>
  gave(await run({ source, grant }));

describe("a guest", () => {
  test("has the time that it was given", async () => {
    const source = `
      const start = real.monotonic();
      await timers.sleep(20);
      return [clock.now(), clock.monotonic(), real.monotonic() - start >= 20, start % 5];
    `;
    const grant = { clock: virtualClock({ start: 7 }).granted, real: clock({ resolution: 5 }), timers: timers() };
    expect(await given(source, grant)).toEqual([7, 0, true, 0]);
  });

  test("draws, says, and reads what it was granted", async () => {
    const lines: string[] = [];
    const source = `
      await say.write("warn", "hello\\n\\x1b[31mworld");
      const bytes = await random.bytes(5);
      return [bytes.length, await random.integer(3, 3), env.get("A"), env.get("PATH"), env.list(), args.all()];
    `;
    const say = consoleTo((level, line) => lines.push(`${level}: ${line}`));
    const grant = { say, random: random(), env: env({ A: "1" }), args: args(["x", "y"]) };
    expect(await given(source, grant)).toEqual([5, 3, "1", undefined, ["A"], ["x", "y"]]);
    expect(lines).toEqual(["warn: hello", "warn: \x1b[31mworld"]);
  });

  test("uses a terminal, which is as before when it has ended", async () => {
    const terminal = virtualTerminal({ columns: 20, rows: 2, raw: true });
    terminal.type("\x1b[A");
    const source = `
      await term.write("\\x1b]0;title\\x07hi \\x1b[?25lthere");
      term.setRaw(true);
      return [await term.readKey(), term.size()];
    `;
    expect(await given(source, { term: terminal.granted })).toEqual([
      { name: "up", text: "", ctrl: false, alt: false, shift: false },
      { columns: 20, rows: 2 },
    ]);
    expect(terminal.lines()).toEqual(["hi there", ""]);
    expect(terminal.isCursorVisible()).toBe(true);
    expect(terminal.isRaw()).toBe(false);
  });

  test("keeps a terminal raw while another guest still has it", async () => {
    const terminal = virtualTerminal({ raw: true });
    const box = await createSandbox({ grant: { term: terminal.granted } });
    await box.run("term.setRaw(true)");
    await given("term.size()", { term: terminal.granted });
    expect(terminal.isRaw()).toBe(true);
    await box.dispose();
    expect(terminal.isRaw()).toBe(false);
  });

  test("computes digests, with keys that it does not see", async () => {
    const keep = secrets({ KEY: { value: "the key itself", hmac: true } });
    const source = `
      const key = secrets.use("KEY");
      const code = await digest.hmac("SHA-256", key, "data");
      return [secrets.names(), key, await digest.digest("SHA-1", "abc", "hex"),
        await digest.verifyHmac("SHA-256", key, "data", code), code];
    `;
    const [names, key, hash, isRight, code] = (await given(source, {
      secrets: keep.granted,
      digest: digest({ secrets: keep }),
    })) as unknown[];
    expect([names, hash, isRight]).toEqual([["KEY"], "a9993e364706816aba3e25717850c26c9cd0d89d", true]);
    expect(key).toMatch(/^cordon-secret-/);
    expect(code).toEqual(await digest().functions.hmac("SHA-256", "the key itself", "data"));
  });

  test.for<[string, string]>([
    ["random.bytes(65537)", "E_VALUE"],
    ["random.bytes(-1)", "E_VALUE"],
    ["random.bytes('5')", "E_VALUE"],
    ["random.integer(2, 1)", "E_VALUE"],
    ["timers.sleep(NaN)", "E_VALUE"],
    ["timers.sleep(Infinity)", "E_VALUE"],
    ["say.write('log', 'x'.repeat(70000))", "E_VALUE"],
    ["say.write('fatal', 'x')", "E_VALUE"],
    ["env.get({ toString() { return 'A' } })", "E_VALUE"],
    ["term.write(5)", "E_VALUE"],
    ["term.setRaw(true)", "E_NOT_GRANTED"],
    ["shared.load(1)", "E_ALIGN"],
    ["shared.read(8, 9)", "E_RANGE"],
    ["shared.store(0, 2 ** 31)", "E_VALUE"],
    ["lock.release()", "E_RELEASE"],
    ["secrets.use('B')", "E_NOT_GRANTED"],
    ["digest.digest('MD5', 'x')", "E_VALUE"],
    ["writer.write('text')", "E_VALUE"],
    ["reader.read(0)", "E_VALUE"],
    ["box.send(() => 1)", "E_VALUE"],
  ])("is refused %s: %s", async ([call, code]) => {
    const grant = {
      ...{ random: random(), timers: timers(), say: consoleTo(() => undefined), env: env({ A: "1" }) },
      ...{ term: virtualTerminal().granted, shared: sharedBytes(16), lock: semaphore(1), box: mailbox().sender },
      ...{ secrets: secrets({ A: { value: "12345678" } }).granted, digest: digest(), ...pipe() },
    };
    const source = `try { await ${call}; return "done"; } catch (error) { return error.code; }`;
    expect(await given(source, grant)).toBe(code);
  });
});

describe("two guests", () => {
  test("talk through a pipe, with back-pressure", async () => {
    const { reader, writer } = pipe({ capacity: 1_000 });
    const [sent, got] = await Promise.all([
      given("for (let i = 0; i < 100; i++) await out.write(new Uint8Array(300).fill(i)); out.end(); return 30000;", {
        out: writer,
      }),
      given(
        `let [count, sum] = [0, 0];
         for (let b = await input.read(512); b !== undefined; b = await input.read(512)) {
           count += b.length;
           sum += b.reduce((x, y) => x + y, 0);
         }
         return [count, sum];`,
        { input: reader },
      ),
    ]);
    expect([sent, got]).toEqual([30_000, [30_000, 300 * 4_950]]);
  });

  test("send each other values, and count in shared bytes under a lock", async () => {
    const [there, back] = [mailbox(), mailbox({ capacity: 1 })];
    const [lock, shared] = [semaphore(1), sharedBytes(8)];
    const count = `
      async function count() {
        for (let i = 0; i < 50; i++) {
          await lock.acquire();
          const old = shared.load(0);
          await 0;
          shared.store(0, old + 1);
          lock.release();
        }
      }
    `;
    const [answer] = await Promise.all([
      given(`${count} await box.send({ a: [1n, new Date(5)] }); await count(); return await back.receive();`, {
        ...{ box: there.sender, back: back.receiver, lock, shared },
      }),
      given(`${count} const got = await box.receive(); await count(); await back.send([got, got.a.length]);`, {
        ...{ box: there.receiver, back: back.sender, lock, shared },
      }),
    ]);
    expect(answer).toEqual([{ a: [1n, new Date(5)] }, 2]);
    expect(shared.functions.load(0)).toBe(100);
  });

  test("one of which ends with a permit do not leave the other waiting, if the semaphore is robust", async () => {
    const lock = semaphore(1, { robust: true });
    await given("await lock.acquire(); throw 1", { lock }).catch(() => undefined);
    expect(await given("await lock.acquire(); return lock.tryAcquire()", { lock: sharing(lock) })).toBe(false);
  });

  test("one of which is ended while it waits leave nothing behind", async () => {
    const [lock, box] = [semaphore(1), mailbox()];
    expect(await lock.functions.tryAcquire()).toBe(true);
    const ending = new AbortController();
    const waiting = run({
      source: "const all = [lock.acquire(), box.receive(), timers.sleep(1e9)]; await Promise.all(all);",
      grant: { lock, box: box.receiver, timers: timers() },
      signal: ending.signal,
    });
    setTimeout(() => ending.abort(), 50);
    expect((await waiting).status).toBe("aborted");
    lock.functions.release();
    await box.sender.functions.send("for another");
    expect(await lock.functions.tryAcquire()).toBe(true);
    expect(await box.receiver.functions.receive()).toBe("for another");
  });
});
