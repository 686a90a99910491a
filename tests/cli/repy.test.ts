// `cordon repy`: RepyV2's command line. What follows the program's name belongs to the program (B73).

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rangesOf, restrictedNet } from "../../embed/cli/repy-net.ts";
import { cordon, signalled } from "./command.ts";

const RESTRICTIONS = `
resource cpu 1
resource memory 15000000
resource diskused 100000
resource events 5
resource filewrite 100000
resource fileread 100000
resource filesopened 3
resource loopsend 100000
resource looprecv 100000
resource netsend 100000
resource netrecv 100000
resource insockets 2
resource outsockets 2
resource lograte 300000
resource messport 61245
resource connport 61245
resource connport 61246
`;

let folder = "";
let restrictions = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-repy-cli-"));
  restrictions = file("restrictions", RESTRICTIONS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

let count = 0;
/** Runs a text; `own` are words behind the program's name, `options` before the restrictions. */
const repy = (text: string, own: readonly string[] = [], options: readonly string[] = []) =>
  cordon(["repy", ...options, restrictions, file(`program${count++}.repy`, text), ...own]);

describe("cordon repy", () => {
  test("B73 whatever stands behind the program is its own, also what looks like an option", () => {
    const words = ["--json", "-h", "--", "--files", "x", "a b", "--layer=y", "-", ""];
    expect(repy("await log(JSON.stringify(callargs));", words)).toEqual({
      code: 0,
      out: `${JSON.stringify(words)}\n`,
      err: "",
    });
  });

  test("options stand before the restrictions, with their values, and -- ends them", () => {
    const text = file("args.repy", "await log(callargs.join());");
    expect(cordon(["repy", "--seed", "7", restrictions, text, "--seed", "8"]).out).toBe("--seed,8\n");
    expect(cordon(["repy", "--", restrictions, text, "a"])).toMatchObject({ code: 0, out: "a\n" });
  });

  test.for([
    ["completed", "await log('x');", 0, ""],
    ["exitall", "await log('x'); await exitall();", 0, ""],
    ["an unsafe text", "\nimport 'fs';", 3, /unsafe: Unsafe call 'Import' in line 2/],
    ["an uncaught error", "\nthrow new Error('mine');", 1, /uncaught: .*line 2\nException \(Error\): mine/s],
    [
      "a hard limit",
      "const f = await openfile('a', true); await f.writeat('x'.repeat(200000), 0);",
      4,
      /limit reached: diskused/,
    ],
    ["memory", "const all = []; for (;;) all.push('x'.repeat(9999) + all.length);", 4, /limit reached: memory/],
  ] as const)("the exit code tells how it ended: %s", ([, text, code, err]) => {
    const ended = repy(text);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(err);
    expect(ended.out).toBe(code === 0 ? "x\n" : "");
  });

  test("--json gives the end, the log and what was used, and nothing else on stdout", () => {
    const { out, code } = repy("await log('a'); await log('b'); await exitall();", [], ["--json"]);
    const { end, log, usage, exit } = JSON.parse(out) as Record<string, unknown>;
    expect({ end, log, exit, code }).toEqual({ end: { kind: "exited" }, log: ["a", "b"], exit: 0, code: 0 });
    expect(usage).toMatchObject({ fuel: expect.any(Number), cpu: expect.any(Number), stops: [] });
  });

  test("--virtual and --seed repeat a run, and wait for nothing", () => {
    const full = file("random", `${RESTRICTIONS}resource random 10000\n`);
    const text = file(
      "random.repy",
      "await sleep(3600); await log(await getruntime(), (await randombytes()).charCodeAt(5), Math.random());",
    );
    const run = (seed: string) => cordon(["repy", "--seed", seed, full, text]).out;
    expect(run("1")).toMatch(/^3600 \d+ 0\.\d+\n$/);
    expect(run("1")).toBe(run("1"));
    expect(run("2")).not.toBe(run("1"));
  });

  test("layers stand below the program, the first one lowest; one that does not dispatch starts nothing", () => {
    const adding = (mark: string): string =>
      `CHILD_CONTEXT_DEF.log = { type: "func", args: ["str"], exceptions: null, return: "none", target: (text) => log("${mark}" + text) }; secure_dispatch_module();`;
    const [low, high] = [file("low.repy", adding("low ")), file("high.repy", adding("high "))];
    expect(repy("await log('said');", [], ["--layer", low, `--layer=${high}`]).out).toBe("low high said\n");
    const idle = file("idle.repy", "const a = 1;");
    const ended = repy("await log('never');", [], ["-l", idle]);
    expect(ended).toMatchObject({ code: 1, out: "" });
    expect(ended.err).toContain("layer idle.repy: its program threw: idle.repy did not dispatch");
  });

  test("Ctrl-C ends it", { timeout: 20_000 }, async () => {
    const text = file("slow.repy", "await log('begun'); await sleep(1000);");
    const { code, out } = await signalled(["repy", restrictions, text], "SIGINT");
    expect({ code, out }).toEqual({ code: 130, out: "begun\n" });
  });

  test.for([
    [["repy"], "a RESTRICTIONS file and a PROGRAM"],
    [["repy", "no-such-file", "x"], "no-such-file: no such file"],
    [["repy", "--layer", "no-such-layer", "README.md", "README.md"], "no-such-layer: no such file"],
    [["repy", "README.md", "README.md"], 'restrictions: line 3: a line begins with "resource" or "call"'],
    [["repy", "--lyer", "x", "a", "b"], "did you mean --layer?"],
    [["repy", "--files", "no-such-folder", "README.md", "README.md"], "--files no-such-folder: no such directory"],
  ] as const)("a mistake of whoever types is told, and nothing runs: %s", ([args, why]) => {
    const { code, out, err } = cordon(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(why);
  });
});

describe("what cordon repy grants", () => {
  const WRITE =
    "const f = await openfile('made.txt', true); await f.writeat('hi', 0); await f.close(); await log((await listfiles()).join());";

  test("without --files an empty directory in memory: the working directory is not granted", () => {
    expect(repy(WRITE)).toEqual({ code: 0, out: "made.txt\n", err: "" });
    expect(existsSync("made.txt")).toBe(false);
  });

  test("--files DIR is that directory, and its files only", () => {
    const data = join(folder, "data");
    mkdirSync(data);
    writeFileSync(join(data, "old.txt"), "old");
    expect(repy(WRITE, [], ["--files", data]).out.trim().split(",").sort()).toEqual(["made.txt", "old.txt"]);
    expect(readFileSync(join(data, "made.txt"), "utf8")).toBe("hi");
    expect(readdirSync(data).sort()).toEqual(["made.txt", "old.txt"]);
  });

  const TALK = `
    const ip = "127.0.0.1";
    const server = await listenforconnection(ip, 61245);
    const out = await openconnection(ip, 61245, ip, 61246, 2);
    await out.send("over the loop");
    let got;
    while (got === undefined) { try { got = await server.getconnection(); } catch { await sleep(0.01); } }
    let text = "";
    while (text === "") { try { text = await got[2].recv(100); } catch { await sleep(0.01); } }
    await log(text);`;

  test("--net is the host's loop at the ports of the restrictions; without it nothing of the host is met", async () => {
    expect(repy(TALK, [], ["--net"])).toEqual({ code: 0, out: "over the loop\n", err: "" });
    const server = createServer((_request, response) => response.end("secret")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const connect = `try { await openconnection("127.0.0.1", ${port}, "127.0.0.1", 61246, 1); await log("in"); } catch (error) { await log(error.name); }`;
    // Behind the call: the command is run synchronously, so the server cannot answer, but the host accepts.
    expect(repy(connect).out).toBe("ConnectionRefusedError\n");
    expect(repy(connect, [], ["--net"]).out).toBe("ResourceForbiddenError\n");
    expect(repy(connect, [], ["--net-allow", `127.0.0.1:${port}`]).out).toBe("in\n");
    server.close();
  });

  test("RN1 nobody comes in from outside, whatever --net-allow says", async () => {
    const restricted = { cpu: 1, memory: 15_000_000, connport: [61245], messport: [61245] };
    const net = restrictedNet(restricted, ["api.example.com:443"]);
    const { listen, bind } = net.functions as Readonly<Record<string, (place: object) => Promise<unknown>>>;
    for (const address of ["0.0.0.0", "10.0.0.1", "::1", undefined]) {
      const place = { address, port: 61245 };
      await expect(async () => listen?.(place)).rejects.toThrow(expect.objectContaining({ code: "E_NOT_GRANTED" }));
      await expect(async () => bind?.(place)).rejects.toThrow(expect.objectContaining({ code: "E_NOT_GRANTED" }));
    }
  });

  test("a wrong --net-allow is told", () => {
    expect(repy("", [], ["--net-allow", "nonsense"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("the port is missing"),
    });
  });

  test("ports become ranges", () => {
    expect(rangesOf([9, 5, 6, 7, 6, 100])).toEqual(["5-7", "9", "100"]);
    expect(rangesOf([])).toEqual([]);
  });
});
