// Runs that a host function interrupts with a question, over the real engine.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Result, RunOptions, SandboxOptions } from "../../embed/api.ts";
import {
  arg,
  ask,
  capability,
  contract,
  type Decision,
  type Granted,
  interrupt,
  signal,
  string,
} from "../../policy-libs/index.ts";
import { cordon, createSandbox, gave, run } from "./cordon.ts";

type Interrupted = Extract<Result, { status: "interrupted" }>;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function interrupted(result: Result): Interrupted {
  expect(result).toMatchObject({ status: "interrupted" });
  return result as Interrupted;
}

const question = (text: string): Promise<unknown> => interrupt(text);
const grant = { question, hit: () => 1 };
const boxOf = (options: SandboxOptions = {}) => createSandbox({ grant, ...options });

describe("an interrupted run", () => {
  test("tells the question, and goes on with the answer to its own result", async () => {
    await using box = await boxOf();
    const first = interrupted(
      await box.run("console.log('before'); const a = await question('red?'); console.log(a); a + '!'"),
    );
    expect(first.question).toBe("red?");
    expect(first.console).toEqual([{ level: "log", text: "before" }]);
    const last = await first.continuation.resume("yes");
    expect(gave(last)).toBe("yes!");
    expect(last.console.map(({ text }) => text)).toEqual(["before", "yes"]);
    expect(gave(await box.run("1"))).toBe(1);
  });

  test("is interrupted again by its next question", async () => {
    let result = await run({ source: "let n = 0; for (let i = 0; i < 5; i++) n += await question('q' + i); n", grant });
    for (let i = 0; i < 5; i++) {
      const now = interrupted(result);
      expect(now.question).toBe(`q${i}`);
      result = await now.continuation.resume(10 ** i);
    }
    expect(gave(result)).toBe(11_111);
  });

  test("several questions at once are asked one after the other, the oldest first", async () => {
    const first = interrupted(
      await run({ source: "(await Promise.all(['a', 'b', 'c'].map(question))).join()", grant }),
    );
    expect(first.question).toBe("a");
    const second = interrupted(await first.continuation.resume(1));
    expect(second.question).toBe("b");
    const third = interrupted(await second.continuation.resume(2));
    expect(third.question).toBe("c");
    expect(gave(await third.continuation.resume(3))).toBe("1,2,3");
  });

  test("an answer may be anything that crosses, and what cannot is the guest's error", async () => {
    for (const answer of [undefined, null, 0, "", { a: [1, new Date(7)] }, new Uint8Array(3)])
      expect(
        gave(await interrupted(await run({ source: "await question('?')", grant })).continuation.resume(answer)),
      ).toEqual(answer);
    const odd = interrupted(await run({ source: "await question('?')", grant }));
    expect(await odd.continuation.resume(() => 1)).toMatchObject({ status: "threw", error: { code: "E_VALUE" } });
  });

  test("what computes on after the question is part of the run before", async () => {
    const first = interrupted(
      await run({
        source: "const a = question('?'); let n = 0; for (let i = 0; i < 2e6; i++) n += i; console.log(n); await a",
        grant,
      }),
    );
    expect(first.console).toEqual([{ level: "log", text: "1999999000000" }]);
    const spent = first.usage.fuel;
    expect(spent).toBeGreaterThan(2e6);
    const last = await first.continuation.resume(5);
    expect(gave(last)).toBe(5);
    expect(last.usage.fuel).toBeGreaterThan(spent);
    expect(last.usage.fuel).toBeLessThan(spent + 100_000);
  });

  test("a run that is over before anybody is asked is over, and its question is put to the next one", async () => {
    await using box = await boxOf();
    expect(gave(await box.run("globalThis.answer = question('late?'); 1"))).toBe(1);
    const next = interrupted(await box.run("await answer"));
    expect(next.question).toBe("late?");
    expect(gave(await next.continuation.resume("at last"))).toBe("at last");
  });

  test("a drained run is interrupted by what it did not wait for, without losing its value", async () => {
    const request = { source: "question('late?').then((a) => console.log(a)); 1", grant, drain: true };
    const first = interrupted(await run(request));
    const last = await first.continuation.resume("heard");
    expect(gave(last)).toBe(1);
    expect(last.console).toEqual([{ level: "log", text: "heard" }]);
  });

  test("calls of functions are interrupted as runs are", async () => {
    await using box = await boxOf();
    await box.run("globalThis.f = async (x) => x + (await question('f?'))");
    expect(gave(await interrupted(await box.call("f", 1)).continuation.resume(41))).toBe(42);
  });

  test("a blocking call is parked, and goes on", async () => {
    const { blocking } = await import("../../embed/api.ts");
    const first = interrupted(
      await run({ source: "const a = question('?'); a + 1", grant: { question: blocking(question) } }),
    );
    expect(gave(await first.continuation.resume(1))).toBe(2);
  });
});

describe("the limits of an interrupted run", () => {
  test("its time stands still meanwhile, and goes on where it was", async () => {
    const first = interrupted(await run({ source: "await question('?'); for (;;);", grant, limits: { wall: 300 } }));
    expect(first.usage.wall).toBeLessThan(300);
    await sleep(400);
    const before = performance.now();
    const last = await first.continuation.resume();
    expect(last).toMatchObject({ status: "exhausted", resource: "wall" });
    expect(performance.now() - before).toBeGreaterThan(300 - first.usage.wall - 5);
    expect(last.usage.wall).toBeLessThan(600);
  });

  test("fuel, calls and bytes are of the whole run", async () => {
    const spin = "for (let i = 0; i < 1e6; i++);";
    const whole = await run({ source: `${spin} await question('?'); ${spin} hit()`, grant }).then((result) =>
      interrupted(result).continuation.resume(),
    );
    const most = Math.floor(whole.usage.fuel * 0.75);
    const first = interrupted(
      await run({ source: `${spin} await question('?'); ${spin} hit()`, grant, limits: { fuel: most } }),
    );
    expect(await first.continuation.resume()).toMatchObject({ status: "exhausted", resource: "fuel" });
    expect(whole.usage.calls).toBe(2);
    const calls = interrupted(
      await run({ source: "hit(); await question('?'); hit(); hit()", grant, limits: { calls: 3 } }),
    );
    expect(await calls.continuation.resume()).toMatchObject({
      status: "exhausted",
      resource: "calls",
      usage: { calls: 3 },
    });
    const bytes = interrupted(
      await run({
        source: "await question('x'.repeat(6000)); await question('x'.repeat(6000));",
        grant,
        limits: { bytes: 10_000 },
      }),
    );
    expect(await bytes.continuation.resume()).toMatchObject({ status: "exhausted", resource: "bytes" });
  });

  test("interrupted a thousand times it has spent what it would have otherwise", async () => {
    const source = "let n = 0; for (let i = 0; i < 1000; i++) n += await question('?'); n";
    const plain = await run({
      source,
      grant: { ...grant, question: () => new Promise((resolve) => setImmediate(() => resolve(1))) },
    });
    let result: Result = await run({ source, grant });
    while (result.status === "interrupted") result = await result.continuation.resume(1);
    expect(gave(result)).toBe(1000);
    expect(result.usage.calls).toBe(1000);
    expect(result.usage.fuel / plain.usage.fuel).toBeGreaterThan(0.98);
    expect(result.usage.fuel / plain.usage.fuel).toBeLessThan(1.02);
  });

  test("what the host tells the guest meanwhile waits, and timers go on", async () => {
    const [lines, release]: [string[], PromiseWithResolvers<void>] = [[], Promise.withResolvers()];
    const box = await boxOf({
      grant: { question, later: () => release.promise },
      console: (_level, text) => void lines.push(text),
    });
    const first = interrupted(
      await box.run(`
      setTimeout(() => console.log("timer"), 150);
      const others = Promise.all([1, 5, 9].map((ms) => later(ms).then(() => console.log("after " + ms))));
      const answer = await question("?");
      await others;
      await new Promise((resolve) => { setTimeout(resolve, 200); });
      answer`),
    );
    release.resolve();
    await sleep(300);
    expect(lines).toEqual([]);
    expect(gave(await first.continuation.resume("x"))).toBe("x");
    expect(lines.toSorted()).toEqual(["after 1", "after 5", "after 9", "timer"]);
    box.dispose();
  });

  test("under a virtual clock no time passes, and the same answers give the same run", async () => {
    const source = `
      const times = [Date.now()];
      setTimeout(() => times.push(Date.now()), 5);
      const a = await question("?");
      times.push(Date.now());
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
      [a, ...times, Date.now(), Math.random()].join()`;
    const once = async (pause: number): Promise<Result> => {
      const first = interrupted(await run({ source, grant, virtual: { start: 100, seed: 1 } }));
      await sleep(pause);
      return first.continuation.resume("a");
    };
    const [one, two] = [await once(0), await once(40)];
    expect(String(gave(one))).toMatch(/^a,100,100,105,1100,0\./);
    expect(gave(two)).toBe(gave(one));
    expect(two.usage.fuel).toBe(one.usage.fuel);
  });
});

describe("a continuation", () => {
  test("is used once: resuming twice, or after cancelling, is the embedder's error", async () => {
    const { continuation } = interrupted(await run({ source: "await question('?')", grant }));
    const [one, two] = [continuation.resume(1), continuation.resume(2)];
    await expect(two).rejects.toMatchObject({ name: "CordonError", code: "E_CONTINUATION" });
    expect(gave(await one)).toBe(1);
    await expect(continuation.resume(3)).rejects.toMatchObject({ code: "E_CONTINUATION" });
    continuation.cancel();
    const other = interrupted(await run({ source: "await question('?')", grant }));
    other.continuation.cancel();
    other.continuation.cancel();
    await expect(other.continuation.resume(1)).rejects.toMatchObject({ code: "E_CONTINUATION" });
  });

  test("an old one does nothing to the question that is open now", async () => {
    const first = interrupted(await run({ source: "[await question('a'), await question('b')].join()", grant }));
    const second = interrupted(await first.continuation.resume(1));
    first.continuation.cancel();
    await expect(first.continuation.resume(9)).rejects.toMatchObject({ code: "E_CONTINUATION" });
    expect(gave(await second.continuation.resume(2))).toBe("1,2");
  });

  test("cancelled, the run is aborted and its sandbox with it, and the host function hears of it", async () => {
    const heard = vi.fn();
    const asks = (): Promise<unknown> => interrupt("?").catch((error: { code: string }) => heard(error.code));
    await using box = await boxOf({ grant: { asks } });
    interrupted(await box.run("await asks()")).continuation.cancel();
    await sleep(5);
    expect(heard).toHaveBeenCalledExactlyOnceWith("E_ENDED");
    expect(box.ended()).toBe("it ended as aborted");
    expect(await box.run("1")).toMatchObject({ status: "refused", by: "sandbox" });
  });

  test("after its sandbox was disposed it gives what became of the run: aborted", async () => {
    const box = await boxOf();
    const first = interrupted(await box.run("await question('?')"));
    box.dispose();
    expect(await first.continuation.resume(1)).toMatchObject({ status: "aborted" });
  });

  test("an abort signal ends the run while it is interrupted, and after it", async () => {
    for (const when of ["meanwhile", "after"]) {
      const controller = new AbortController();
      const options: RunOptions = { signal: controller.signal };
      await using box = await boxOf();
      const first = interrupted(await box.run("await question('?'); for (;;);", options));
      if (when === "meanwhile") controller.abort();
      else setTimeout(() => controller.abort(), 20);
      expect(await first.continuation.resume(1)).toMatchObject({ status: "aborted" });
      expect(box.ended()).toBe("it ended as aborted");
    }
  });

  test("other runs meanwhile are refused as busy, those that waited already too; later ones wait for it", async () => {
    await using box = await boxOf();
    const [first, waiting] = await Promise.all([box.run("await question('?')"), box.run("2")]);
    const busy = { status: "refused", by: "sandbox", why: expect.stringMatching(/^busy: a run is interrupted/) };
    expect(waiting).toMatchObject(busy);
    expect(await box.run("3")).toMatchObject(busy);
    expect(await box.call("f")).toMatchObject(busy);
    expect(await box.check("3")).toMatchObject(busy);
    const last = interrupted(first).continuation.resume(1);
    expect(gave(await box.run("4"))).toBe(4);
    expect(gave(await last)).toBe(1);
  });

  test("a run of its own keeps its sandbox until it is over, and no longer", async () => {
    const { meter } = await import("../../policy-libs/index.ts");
    const tenant = meter({ name: "tenant" });
    const first = interrupted(
      await run({ source: "const kept = 7; await question('?'); await question('!'); kept", grant, meter: tenant }),
    );
    expect(tenant.usage().domains).toBe(1);
    const second = interrupted(await first.continuation.resume());
    expect(tenant.usage().domains).toBe(1);
    expect(gave(await second.continuation.resume())).toBe(7);
    expect(tenant.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
    interrupted(await run({ source: "await question('?')", grant, meter: tenant })).continuation.cancel();
    await sleep(5);
    expect(tenant.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
  });

  test("a hundred runs may be interrupted at once, each with its own question", async () => {
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        run({ source: `await question(${i})`, grant: { question: (n: number) => interrupt(n) } }),
      ),
    );
    const questions = all.map((result) => interrupted(result).question);
    expect(questions).toEqual(Array.from({ length: 100 }, (_, i) => i));
    const values = await Promise.all(
      all.toReversed().map((result) => interrupted(result).continuation.resume(interrupted(result).question)),
    );
    expect(values.map(gave)).toEqual(questions.toReversed());
  });

  test("one that nobody resumes keeps no process alive", async () => {
    const entry = join(import.meta.dirname, "../../embed/node/index.ts");
    const libs = join(import.meta.dirname, "../../policy-libs/index.ts");
    const program = `
      import { run } from ${JSON.stringify(entry)};
      import { interrupt } from ${JSON.stringify(libs)};
      const source = "setTimeout(() => 1, 60_000); const a = question('?'); question('!'); later(); await a";
      for (const drain of [false, true]) {
        const grant = { question: (q) => interrupt(q), later: () => new Promise(() => undefined) };
        const result = await run({ source, grant, drain, limits: { wall: 100_000 } });
        console.log(result.status);
      }`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (data) => (said += String(data)));
    const begun = performance.now();
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect(said).toBe("interrupted\ninterrupted\n");
    expect(code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(30_000);
  }, 60_000);
});

describe("who asks", () => {
  const NOTE = contract({
    name: "note",
    allows: "writing notes",
    never: "nothing",
    calls: { write: { takes: [arg("text", string())], gives: string(), refuses: [], about: "Writes." } },
  });

  const noted = (): { granted: Granted; written: string[] } => {
    const written: string[] = [];
    const granted = capability(NOTE, {
      write: (text) => {
        written.push(text);
        return `wrote ${text}`;
      },
    });
    return { granted, written };
  };

  test("ask() interrupts with the call, and makes it after the answer", async () => {
    const { granted, written } = noted();
    const notes = ask(granted, async () => "interrupt" as Decision);
    const first = interrupted(
      await run({
        source: "[await notes.write('a'), await notes.write('b').catch((e) => e.code), await notes.write('c')].join()",
        grant: { notes },
      }),
    );
    expect(first.question).toEqual({ capability: "note", call: "write", args: ["a"] });
    expect(written).toEqual([]);
    const second = interrupted(await first.continuation.resume("allow"));
    expect(written).toEqual(["a"]);
    const third = interrupted(await second.continuation.resume({ deny: "no" }));
    expect(gave(await third.continuation.resume({ allow: true, args: ["C"] }))).toBe("wrote a,E_DENIED,wrote C");
    expect(written).toEqual(["a", "C"]);
  });

  test("an answer that is no decision is a no, and cancelling makes no call and gives its place back", async () => {
    const { granted, written } = noted();
    const notes = ask(granted, async () => "interrupt" as Decision, { waiting: 1 });
    const source = "await notes.write('a').catch((e) => e.code)";
    const first = interrupted(await run({ source, grant: { notes } }));
    expect(gave(await run({ source, grant: { notes } }))).toBe("E_BUSY");
    first.continuation.cancel();
    await sleep(5);
    const second = interrupted(await run({ source, grant: { notes } }));
    expect(gave(await second.continuation.resume("yes please"))).toBe("E_DENIED");
    expect(written).toEqual([]);
  });

  test("a question whose call was revoked is asked no more; one that is shown already changes nothing", async () => {
    const { revocable } = await import("../../policy-libs/index.ts");
    const { granted, written } = noted();
    const { granted: notes, revoke } = revocable(ask(granted, async () => "interrupt" as Decision)) as unknown as {
      granted: Granted;
      revoke: () => void;
    };
    const source = "(await Promise.all(['a', 'b'].map((text) => notes.write(text).catch((e) => e.code)))).join()";
    const first = interrupted(await run({ source, grant: { notes } }));
    revoke();
    expect(gave(await first.continuation.resume("allow"))).toBe("E_REVOKED,E_REVOKED");
    expect(written).toEqual([]);
  });

  test("where nobody can be asked it is E_DENIED: outside of a run, and in a layer", async () => {
    await expect(interrupt("?")).rejects.toMatchObject({ code: "E_DENIED" });
    const { granted } = noted();
    using layer = await cordon.layer({
      source: "({ notes: { write: async (text) => notes.write(text).catch((e) => e.code) } })",
      grant: { notes: ask(granted, async () => "interrupt" as Decision) },
      offers: { notes: NOTE },
    });
    expect(gave(await run({ source: "await notes.write('a')", grant: layer.grant }))).toBe("E_DENIED");
  });

  test("a host function that asks late, and one that has asked and throws, do no harm", async () => {
    const late = async (): Promise<unknown> => {
      const own = signal();
      const again = interrupt("one");
      await again;
      return own.aborted;
    };
    const careless = async (): Promise<unknown> => {
      void interrupt("two").catch(() => undefined);
      throw new Error("no patience");
    };
    expect(gave(await interrupted(await run({ source: "await late()", grant: { late } })).continuation.resume())).toBe(
      false,
    );
    expect(gave(await run({ source: "await careless().catch((e) => e.message)", grant: { careless } }))).toBe(
      "no patience",
    );
  });
});
