// Weak spots of RepyV2 (section 7 of the reference), each by its id where it is not part of a case already, and what no
// upstream test covers: names, ends of a run, order of checks.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cordon } from "../embed/cordon.ts";
import { STDLIB } from "./guest.ts";
import { type RepyOptions, type RepyRun, runRepy } from "./harness.ts";

const HEAD =
  'const errorOf = async (call) => { try { await call(); return "no error"; } catch (error) { return error.name; } }; ' +
  "const used = async (name) => (await getresources())[1][name]; ";

describe.each(["process", "domains"] as const)("in %s", (place) => {
  const program = (text: string, more: Partial<RepyOptions> = {}): Promise<RepyRun> =>
    runRepy({ place, ...more, program: { text: HEAD + text } });

  test("W01 disk use is accounted at the write, and shown", async () => {
    const { lines } = await program(
      `await log(await used("diskused"));
       const file = await openfile("a.file", true);
       await log(await used("diskused"));
       await file.writeat("x".repeat(5000), 0);
       await file.writeat("y", 10);
       await file.close();
       await log(await used("diskused"));
       await removefile("a.file");
       await log(await used("diskused"));`,
      { files: { old: "123" } },
    );
    expect(lines).toEqual(["4099", "8195", "13195", "4099"]);
  });

  test("W24 who would write beyond the disk ends before the write, with the cause", async () => {
    const { lines, cause, files } = await program(
      `const file = await openfile("a.file", true);
       for (let i = 0; i < 6; i++) { await file.writeat("x".repeat(1000), i * 1000); await log(i); }`,
      { profile: { diskused: 4096 + 3500 } },
    );
    expect(cause).toEqual({ kind: "limit", resource: "diskused" });
    expect(lines).toEqual(["0", "1", "2"]);
    expect(files).toEqual({ "a.file": 3000 });
  });

  test("W02 W03 nothing live passes: what cannot be copied is refused", async () => {
    const layer = `
      inner = [1];
      CHILD_CONTEXT_DEF.echo = { type: "func", args: ["any"], exceptions: "any", return: "any", target: (value) => value };
      CHILD_CONTEXT_DEF.leak = { type: "any", target: () => inner };
      secure_dispatch_module();`;
    const { lines } = await program(
      `class Mine { method() {} }
       await log(await errorOf(() => echo(() => 1)), await errorOf(() => echo(new Mine())), await errorOf(() => echo({ a: [Symbol()] })));
       (await leak()).push(2);
       await log(JSON.stringify(await leak()), JSON.stringify(await echo({ a: [1, "b", null] })));`,
      { stack: [layer] },
    );
    expect(lines).toEqual(["RepyArgumentError RepyArgumentError RepyArgumentError", '[1] {"a":[1,"b",null]}']);
  });

  test("W04 an error set that holds any is any", async () => {
    const layer = `
      CHILD_CONTEXT_DEF.fail = { type: "func", args: null, exceptions: new Set(["FileError", "any"]), return: null,
        target: () => { throw new TimeoutError("late"); } };
      secure_dispatch_module();`;
    const { lines } = await program("await log(await errorOf(fail));", { stack: [layer] });
    expect(lines).toEqual(["TimeoutError"]);
  });

  test("W08 a limit of 0 forbids the call, and the run goes on", async () => {
    const { lines, cause } = await program(
      `await log(await errorOf(randombytes), await errorOf(getmyip), await errorOf(() => gethostbyname("a.example")));
       await log(await errorOf(() => listenforconnection("127.0.0.1", 12345)));`,
      { profile: "FILE10K" },
    );
    expect(lines).toEqual([
      "ResourceForbiddenError ResourceForbiddenError ResourceForbiddenError",
      "ResourceForbiddenError",
    ]);
    expect(cause).toEqual({ kind: "completed" });
  });

  test("W10 the first error of the documented order is raised, whatever else is wrong", async () => {
    const { lines } = await program(
      `const file = await openfile("a.file", true);
       for (let i = 0; i < 4; i++) await openfile("other." + i, true);
       await log(await errorOf(() => openfile("A", 1)), await errorOf(() => openfile("a.file", true)), await errorOf(() => openfile("absent", false)));
       await log(await errorOf(() => removefile("a.file")));
       await file.close();
       await log(await errorOf(() => file.readat(-1, 5)), await errorOf(() => file.readat(1, 5)), await errorOf(() => file.writeat("x", 5)));
       await log(await errorOf(() => listenforconnection("8.8.4.4", 1)), await errorOf(() => listenformessage("8.8.4.4", 1)));
       await log(await errorOf(() => openconnection("127.0.0.1", 80, "8.8.4.4", 1, 0)), await errorOf(() => openconnection("127.0.0.1", 80, "8.8.4.4", 1, 1)));
       await log(await errorOf(() => sendmessage("127.0.0.1", 80, "x".repeat(9217), "127.0.0.1", 1)));
       await log(await errorOf(() => sendmessage("127.0.0.1", 80, "x".repeat(9217), "8.8.4.4", 12345)));`,
      { profile: "FIXED" },
    );
    expect(lines).toEqual([
      "RepyArgumentError FileInUseError ResourceExhaustedError",
      "FileInUseError",
      "RepyArgumentError FileClosedError FileClosedError",
      "ResourceForbiddenError ResourceForbiddenError",
      "RepyArgumentError ResourceForbiddenError",
      "ResourceForbiddenError",
      "RepyArgumentError",
    ]);
  });

  test("W13 a throttled thread does not hold up unrelated calls", async () => {
    const { lines } = await program(
      `const slow = await openfile("slow.file", true);
       await sleep(2);
       await createthread(async () => { await slow.writeat("x".repeat(50000), 0); await log("written"); });
       await sleep(0.1);
       const start = await getruntime();
       const other = await openfile("other.file", false);
       await log(await errorOf(() => openfile("slow.file", false)), await errorOf(() => removefile("slow.file")));
       await other.close();
       await log((await getruntime()) - start < 0.1);`,
      { profile: "FILE10K", files: { "other.file": "" } },
    );
    expect(lines).toEqual(["FileInUseError FileInUseError", "true", "written"]);
  });

  test("W19 what a call gave tells nothing of itself", async () => {
    const { lines } = await program('const file = await openfile("a.file", true); await log(file, [1, 2], { a: 1 });');
    expect(lines).toEqual(["[object Object] 1,2 [object Object]"]);
  });

  test("W32 names are checked wherever they stand", async () => {
    for (const text of [
      "function f(__proto__) {}",
      "const { a: __b } = {};",
      "x => { y: for (;;) break __y; }",
      "a.__c",
    ]) {
      const { cause } = await runRepy({ place, program: { text: `\n${text}` } });
      expect(cause).toMatchObject({
        kind: "unsafe",
        message: expect.stringMatching(/^Unsafe call '__\w+' in line 2$/),
      });
    }
  });

  test("names resolve to addresses, at their price, and wrong ones are refused", async () => {
    const { lines } = await program(
      `await log(await errorOf(() => gethostbyname(5)), await errorOf(() => gethostbyname("no.example")));
       await log(await used("netsend"), await used("netrecv"));
       await log(await gethostbyname("some.example"), await getmyip());`,
      { network: { names: ["some.example"] } },
    );
    expect(lines).toEqual(["RepyArgumentError NetworkAddressError", "1024 4096", "10.0.0.9 10.0.0.5"]);
  });

  test("an uncaught error in a thread ends the whole run, and says where it was", async () => {
    const { lines, cause } = await program(
      `
       await createthread(async () => { await sleep(0.1); throw new FileError("of the thread"); });
       await sleep(1);
       await log("never");`,
    );
    expect(lines).toEqual([]);
    expect(cause).toMatchObject({ kind: "uncaught", thread: "Thread-1", message: expect.stringContaining("line 2") });
  });

  test("an uncaught error of a call says where the call was made", async () => {
    const { cause } = await program(
      "\nconst deep = async () => {\n  await openfile('absent', false);\n};\nawait deep();",
    );
    expect(cause).toMatchObject({
      kind: "uncaught",
      message: expect.stringMatching(/line 3, in deep\n.*FileNotFoundError/),
    });
  });

  test("the run ends when the last thread has ended, not before", async () => {
    const { lines, cause, seconds } = await program(
      `await createthread(async () => { await sleep(3); await log("thread"); });
       await log("main");`,
    );
    expect(lines).toEqual(["main", "thread"]);
    expect(cause).toEqual({ kind: "completed" });
    expect(seconds).toBe(3);
  });

  test("wrong numbers of arguments are argument errors everywhere", async () => {
    const { lines } = await program(
      `const calls = [[gethostbyname], [getmyip, 1], [openfile, "a"], [listfiles, 1], [removefile], [createlock, 1], [getruntime, 1],
         [randombytes, 1], [createthread], [sleep], [getthreadname, 1], [createvirtualnamespace, "x"], [getresources, 1]];
       for (const [call, ...given] of calls) await log(await errorOf(() => call(...given)));`,
    );
    expect(lines).toEqual(new Array(13).fill("RepyArgumentError"));
  });

  test("output is throttled, not refused: lograte", async () => {
    const { seconds, lines } = await program('for (let i = 0; i < 3; i++) await log("x".repeat(30000));', {
      profile: "FIXED",
    });
    expect(lines).toHaveLength(3);
    expect(seconds).toBe(2);
  });

  test("a text cannot close the function it stands in", async () => {
    for (const text of ["} } leaked = 1; { {", "}; escaped(); async function x() {", "*/ x /*", "${"]) {
      expect((await runRepy({ place, program: { text } })).cause.kind).toBe("unsafe");
    }
  });
});

test("W27 many runs at once do not know of each other", async () => {
  const text = `${HEAD} mycontext.mine = callargs[0]; await sleep(1); const file = await openfile("one.file", true); await log(mycontext.mine, await used("filesopened"));`;
  const runs = ["a", "b", "c"].map((name) => runRepy({ place: "domains", program: { text }, args: [name] }));
  expect((await Promise.all(runs)).map(({ lines }) => lines)).toEqual([["a 1"], ["b 1"], ["c 1"]]);
});

test.for([
  ["words", "abc "],
  ["slashes", "/"],
  ["comments that do not end", "/*"],
  ["quotes", '\\"'],
  ["classes of patterns", "= /["],
  ["templates", "`${"],
  ["brackets", "({["],
] as const)("W09 the check of a text is linear in its length, paid by its own domain: %s", async ([, piece]) => {
  const fuelOf = async (length: number): Promise<number> => {
    const { usage } = await cordon.run({
      source: `import { findUnsafe } from "scan.js"; findUnsafe(text);`,
      kind: "module",
      modules: () => ({ name: "scan.js", source: readFileSync(join(STDLIB, "program/scan.js"), "utf8") }),
      inputs: { text: piece.repeat(Math.ceil(length / piece.length)) },
    });
    return usage.fuel;
  };
  const [none, some, twice] = [await fuelOf(0), await fuelOf(20_000), await fuelOf(40_000)];
  expect((twice - none) / (some - none)).toBeLessThan(2.5);
});
