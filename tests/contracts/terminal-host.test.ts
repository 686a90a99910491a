// Real terminals: streams of the host, and a pseudo-terminal with a process on it.
import { spawn, spawnSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { type Key, type TerminalInput, terminal } from "../../policy-libs/node/index.ts";
import { outcome, settle } from "./guest.ts";

const nameOf = (key: unknown): string => (key as Key).name;

function streams() {
  const input = Object.assign(new PassThrough(), { setRawMode: vi.fn() });
  const output = Object.assign(new EventEmitter(), {
    ...{ columns: 100, rows: 30, text: "" },
    write(text: string, done: (error?: Error) => void) {
      output.text += text;
      setImmediate(done);
    },
  });
  return { input, output };
}

describe("a terminal of two streams", () => {
  test("writes, reads keys of whatever pieces, and tells sizes", async () => {
    const { input, output } = streams();
    const { granted, close } = terminal({ input, output });
    const { write, readKey, size, nextResize } = granted.functions;
    await write("a\x1b[6nb");
    expect(output.text).toBe("ab");
    const bytes = Buffer.from("é\x1b[A");
    for (const byte of bytes) input.write(Buffer.of(byte));
    expect([nameOf(await readKey()), nameOf(await readKey())]).toEqual(["é", "up"]);
    expect(size()).toEqual({ columns: 100, rows: 30 });
    const next = nextResize();
    output.columns = 50;
    output.emit("resize");
    expect(await next).toEqual({ columns: 50, rows: 30 });
    close();
  });

  test("leaves the streams as they were: no listener, paused, not raw", async () => {
    const { input, output } = streams();
    const before = [process.listenerCount("exit"), input.eventNames(), output.eventNames()];
    const { granted, close } = terminal({ input, output, raw: true });
    granted.functions.setRaw(true);
    const key = outcome(() => granted.functions.readKey());
    close();
    close();
    expect(await key).toBe("E_CLOSED");
    expect(input.setRawMode.mock.calls).toEqual([[true], [false]]);
    expect([process.listenerCount("exit"), input.eventNames(), output.eventNames()]).toEqual(before);
    expect(input.isPaused()).toBe(true);
  });

  test("does not read before a key is wanted", async () => {
    const { input, output } = streams();
    const { granted, close } = terminal({ input, output });
    input.write("x");
    await settle();
    expect(input.readableLength).toBe(1);
    expect(nameOf(await granted.functions.readKey())).toBe("x");
    close();
  });

  test("has no raw mode if the input is a pipe, and ends with it", async () => {
    const { output } = streams();
    const input = new PassThrough() as PassThrough & TerminalInput;
    const { granted, close } = terminal({ input, output, raw: true });
    expect(await outcome(() => granted.functions.setRaw(true))).toBe("E_IO");
    input.end("y");
    expect(nameOf(await granted.functions.readKey())).toBe("y");
    expect(await outcome(() => granted.functions.readKey())).toBe("E_CLOSED");
    close();
  });

  test("outlives streams that fail", async () => {
    const { input, output } = streams();
    output.write = (_, done) => done(new Error("EIO /dev/pts/7"));
    const { granted, close } = terminal({ input, output });
    expect(await outcome(() => granted.functions.write("x"))).toBe("E_IO");
    const key = outcome(() => granted.functions.readKey());
    output.emit("error", new Error("EPIPE"));
    input.destroy(new Error("EIO"));
    expect(await key).toBe("E_CLOSED");
    close();
  });
});

const CHILD = join(import.meta.dirname, "terminal-child.ts");
// util-linux; without it there is no pseudo-terminal here.
const HAS_SCRIPT = spawnSync("script", ["--version"]).stdout?.toString().includes("util-linux") ?? false;

/** Runs the child on a pseudo-terminal; types when it says that it is ready. */
async function onTerminal(act: string, typed = "", after = ":"): Promise<string> {
  const command = `stty rows 20 cols 60; '${process.execPath}' '${CHILD}' ${act}; ${after}`;
  const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "pipe"] });
  let text = "";
  child.stdout.on("data", (data) => {
    const isReady = text.includes("ready");
    text += data;
    if (!isReady && text.includes("ready")) child.stdin.write(typed);
  });
  await new Promise((resolve) => child.on("close", resolve));
  child.stdin.destroy();
  return text;
}

describe.skipIf(!HAS_SCRIPT)("a real terminal", { timeout: 60_000 }, () => {
  test("gives keys one by one in raw mode, and is as before when it is closed", async () => {
    const text = await onTerminal("keys", "a\x1b[Aé");
    expect(text).toContain("raw true");
    expect(text).toContain("a up é; raw false");
  });

  test("tells its size and its changes", async () => {
    const text = await onTerminal("size");
    expect(text).toContain('size {"columns":60,"rows":20}');
    expect(text).toContain('resized {"columns":100,"rows":30}');
  });

  test("is as before when the process exits without closing it", async () => {
    const text = await onTerminal("exit", "", "stty -a");
    expect(text).toContain("game\x1b[0m\x1b[?25h\x1b[?1049l");
    expect(text).not.toContain("title");
    expect(text).toMatch(/ icanon/);
    expect(text).toMatch(/ echo /);
  });

  test("passes Ctrl+C to the host in raw mode, although nobody reads keys", async () => {
    expect(await onTerminal("interrupt", "\x03")).toContain("interrupted; raw false");
  });
});
