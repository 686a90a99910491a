// A terminal of a guest, on a screen in memory.
import { describe, expect, test, vi } from "vitest";
import {
  type Key,
  type TerminalListener,
  type TerminalPlace,
  terminalOf,
  unused,
  virtualClock,
  virtualTerminal,
} from "../../policy-libs/index.ts";
import { newGuest, outcome, settle } from "./guest.ts";

vi.mock("../../policy-libs/call.ts", async (original) => {
  return { ...(await original<object>()), signal: (await import("./guest.ts")).signal };
});
vi.mock("../../policy-libs/meter/index.ts", async (original) => {
  return { ...(await original<object>()), account: (await import("./guest.ts")).account };
});

const nameOf = (key: unknown): string => (key as Key).name;

/** A place that notes what is done to it. */
function notedPlace(over: Partial<TerminalPlace> = {}) {
  const done: unknown[] = [];
  let listener: TerminalListener | undefined;
  const place: TerminalPlace = {
    write: (text) => void done.push(text),
    size: () => ({ columns: 80, rows: 24 }),
    listen: (given) => {
      listener = given;
      return () => void done.push("stopped");
    },
    flow: (isWanted) => void done.push(isWanted ? "flow" : "rest"),
    setRaw: (isOn) => void done.push(isOn ? "raw" : "cooked"),
    ...over,
  };
  return { place, done, type: (text: string) => listener?.onText(text) };
}

describe("a terminal", () => {
  test("shows what is written, as far as it is safe", async () => {
    const terminal = virtualTerminal({ columns: 12, rows: 3 });
    const { write } = terminal.granted.functions;
    await write("one\n\x1b]0;title\x07two\x1b[6n");
    await write("\x1b[1;6H\x1b[31");
    await write("mred");
    expect(terminal.lines()).toEqual(["one  red", "two", ""]);
    expect(terminal.cursor()).toEqual({ row: 0, column: 8 });
  });

  test("gives keys in the order in which they were typed, before and after they are asked for", async () => {
    const terminal = virtualTerminal();
    const { readKey } = terminal.granted.functions;
    terminal.type("a\x1b[A");
    expect([nameOf(await readKey()), nameOf(await readKey())]).toEqual(["a", "up"]);
    const waiting = [readKey(), readKey()];
    terminal.type("b");
    terminal.type("c");
    expect((await Promise.all(waiting)).map(nameOf)).toEqual(["b", "c"]);
  });

  test("tells Escape from a sequence by time", async () => {
    const time = virtualClock();
    const terminal = virtualTerminal({ time });
    const { readKey } = terminal.granted.functions;
    const first = vi.fn();
    void Promise.resolve(readKey()).then((key) => first(nameOf(key)));
    terminal.type("\x1b");
    time.advance(49);
    await settle();
    expect(first).not.toHaveBeenCalled();
    time.advance(1);
    await settle();
    expect(first).toHaveBeenCalledWith("escape");
    const second = readKey();
    terminal.type("\x1b");
    time.advance(49);
    terminal.type("[A");
    expect(nameOf(await second)).toBe("up");
    expect(time.waiting()).toBe(0);
  });

  test("tells its size, and waits for another", async () => {
    const terminal = virtualTerminal({ columns: 10, rows: 5 });
    const { size, nextResize } = terminal.granted.functions;
    expect(size()).toEqual({ columns: 10, rows: 5 });
    const next = [nextResize(), nextResize()];
    terminal.resize({ columns: 20, rows: 5 });
    expect(await Promise.all(next)).toEqual([
      { columns: 20, rows: 5 },
      { columns: 20, rows: 5 },
    ]);
    const same = vi.fn();
    void Promise.resolve(nextResize()).then(same);
    terminal.resize({ columns: 20, rows: 5 });
    await settle();
    expect(same).not.toHaveBeenCalled();
    terminal.resize({ columns: 20, rows: 6 });
    await settle();
    expect(same).toHaveBeenCalledWith({ columns: 20, rows: 6 });
    for (const bad of [0, -1, 1.5, 10_001, Number.NaN]) {
      expect(() => terminal.resize({ columns: bad, rows: 5 })).toThrow(TypeError);
    }
  });

  test("misses no change of size between two calls", async () => {
    const terminal = virtualTerminal({ columns: 10, rows: 5 });
    const { size, nextResize } = terminal.granted.functions;
    size();
    terminal.resize({ columns: 20, rows: 5 });
    expect(await nextResize()).toEqual({ columns: 20, rows: 5 });
    const next = vi.fn();
    void Promise.resolve(nextResize()).then(next);
    await settle();
    expect(next).not.toHaveBeenCalled();
  });

  test("refuses too much text, and charges what it shows", async () => {
    const guest = newGuest();
    const { write } = virtualTerminal().granted.functions;
    expect(await outcome(() => write("x".repeat(65_537)))).toBe("E_TOO_LARGE");
    await guest.as(() => write("aé"));
    expect(guest.charges).toEqual([["logBytes", 3]]);
    guest.limits.set("logBytes", 3);
    expect(await outcome(() => guest.as(() => write("b")))).toBe("E_QUOTA");
  });

  test("keeps a bounded number of keys, and 10,000 readers; twice", async () => {
    const terminal = virtualTerminal({ raw: true });
    const { readKey, setRaw } = terminal.granted.functions;
    for (const round of [1, 2]) {
      const keys = Array.from({ length: 10_000 }, () => readKey());
      expect(await outcome(() => readKey()), `round ${round}`).toBe("E_BUSY");
      terminal.type("x".repeat(10_000));
      await Promise.all(keys);
    }
    setRaw(true);
    for (let i = 0; i < 4; i++) terminal.type("y".repeat(60_000));
    let count = 0;
    for (; count < 65_536; count++) expect(nameOf(await readKey())).toBe("y");
    const next = readKey();
    terminal.type("z");
    expect(nameOf(await next)).toBe("z");
  });

  test("says that no key comes when its input has ended, after the last ones", async () => {
    const terminal = virtualTerminal();
    const { readKey } = terminal.granted.functions;
    terminal.type("ab\x1b");
    expect(nameOf(await readKey())).toBe("a");
    terminal.endInput();
    expect([nameOf(await readKey()), nameOf(await readKey())]).toEqual(["b", "escape"]);
    expect(await outcome(() => readKey())).toBe("E_CLOSED");
  });
});

describe("raw mode", () => {
  test("is refused unless granted", async () => {
    const terminal = virtualTerminal();
    expect(await outcome(() => terminal.granted.functions.setRaw(true))).toBe("E_NOT_GRANTED");
    expect(await outcome(() => terminal.granted.functions.setRaw(false))).toBeUndefined();
    expect(terminal.isRaw()).toBe(false);
  });

  test("is over when the terminal is closed, and when its guest ends", async () => {
    const closing = virtualTerminal({ raw: true });
    closing.granted.functions.setRaw(true);
    expect(closing.isRaw()).toBe(true);
    closing.close();
    expect(closing.isRaw()).toBe(false);

    const ending = virtualTerminal({ raw: true });
    for (const guest of ["one", "another"]) {
      ending.granted.functions.setRaw(true);
      expect(ending.isRaw(), guest).toBe(true);
      unused(ending.granted);
      expect(ending.isRaw(), guest).toBe(false);
    }
  });

  test("does not keep an interrupt from the host, whether or not the guest reads, and whatever was typed before", async () => {
    const onInterrupt = vi.fn();
    const terminal = virtualTerminal({ raw: true, onInterrupt });
    const { setRaw, readKey } = terminal.granted.functions;
    terminal.type("\x03");
    expect(nameOf(await readKey())).toBe("c");
    expect(onInterrupt).not.toHaveBeenCalled();
    setRaw(true);
    terminal.type("\x03");
    terminal.type("\x1b[1;\x03");
    expect(onInterrupt).toHaveBeenCalledTimes(2);
    terminal.type("A");
    expect(nameOf(await readKey())).toBe("up");
  });

  test("gives Ctrl+C to the guest if the host wants that", async () => {
    const terminal = virtualTerminal({ raw: true, onInterrupt: "guest" });
    terminal.granted.functions.setRaw(true);
    terminal.type("\x03");
    expect(await terminal.granted.functions.readKey()).toMatchObject({ name: "c", ctrl: true });
  });
});

describe("taking a terminal back", () => {
  test("undoes colours, a hidden cursor and the other screen", async () => {
    const terminal = virtualTerminal({ columns: 10, rows: 2 });
    const { write } = terminal.granted.functions;
    await write("shell$");
    await write("\x1b[?1049h\x1b[?25l\x1b[Hgame");
    expect(terminal.lines()).toEqual(["game", ""]);
    expect(terminal.isCursorVisible()).toBe(false);
    terminal.close();
    expect(terminal.lines()).toEqual(["shell$", ""]);
    expect(terminal.isCursorVisible()).toBe(true);
  });

  test("writes nothing if nothing is to be undone, and does it once", async () => {
    const { place, done } = notedPlace();
    const terminal = terminalOf(place);
    await terminal.granted.functions.write("plain");
    terminal.close();
    terminal.close();
    expect(done).toEqual(["plain", "stopped", "rest"]);
  });

  test("undoes what was written by a guest that ends, and the next guest goes on", async () => {
    const { place, done } = notedPlace();
    const terminal = terminalOf(place);
    await terminal.granted.functions.write("\x1b[31mred");
    unused(terminal.granted);
    expect(done.slice(1)).toEqual(["\x1b[0m\x1b[?25h\x1b[?1049l"]);
    await terminal.granted.functions.write("next");
    expect(done.at(-1)).toBe("next");
    await terminal.granted.functions.write("\x1b]0;never ended");
    unused(terminal.granted);
    await terminal.granted.functions.write("not swallowed");
    expect(done.at(-1)).toBe("not swallowed");
  });

  test("refuses all calls and whoever waits", async () => {
    const terminal = virtualTerminal({ raw: true });
    const { readKey, nextResize, write, size, setRaw } = terminal.granted.functions;
    const waiting = [outcome(() => readKey()), outcome(() => nextResize())];
    terminal.close();
    expect(await Promise.all(waiting)).toEqual(["E_CLOSED", "E_CLOSED"]);
    for (const call of [readKey, nextResize, () => write("x"), size, () => setRaw(true), () => setRaw(false)]) {
      expect(await outcome(call)).toBe("E_CLOSED");
    }
    expect(terminal.lines().join("")).toBe("");
    expect(terminal.isRaw()).toBe(false);
  });

  test("works although the terminal of the host is gone", async () => {
    const gone = async (): Promise<void> => Promise.reject(new Error("EIO /dev/pts/3"));
    const { place, done } = notedPlace({
      write: gone,
      setRaw(isOn) {
        if (!isOn) throw new Error("EIO /dev/pts/3");
      },
    });
    const terminal = terminalOf(place, { raw: true });
    const { write, setRaw } = terminal.granted.functions;
    setRaw(true);
    expect(await outcome(() => write("\x1b[31mx"))).toBe("E_IO");
    await expect(write("x")).rejects.toThrow(/^the host could not write$/);
    terminal.close();
    await settle();
    expect(done.slice(-2)).toEqual(["stopped", "rest"]);
  });
});

describe("input of the host", () => {
  test("is read while a key is wanted, and always in raw mode", async () => {
    const { place, done, type } = notedPlace();
    const { readKey, setRaw } = terminalOf(place, { raw: true }).granted.functions;
    expect(done).toEqual([]);
    const key = readKey();
    expect(done.at(-1)).toBe("flow");
    type("a");
    await key;
    expect(done.at(-1)).toBe("rest");
    setRaw(true);
    expect(done.slice(-2)).toEqual(["raw", "flow"]);
    type("b");
    expect(done.at(-1)).toBe("flow");
    setRaw(false);
    expect(done.slice(-2)).toEqual(["cooked", "rest"]);
  });

  test("is no longer read when the guest that waits is gone", async () => {
    const { place, done } = notedPlace();
    const guest = newGuest();
    const { granted } = terminalOf(place);
    const key = outcome(() => guest.as(() => granted.functions.readKey()));
    guest.end();
    expect(await key).toBe("E_ENDED");
    expect(done.at(-1)).toBe("rest");
  });
});

describe("writes", () => {
  test("of a guest that is gone when its turn comes do not come after what was undone", async () => {
    const gates: (() => void)[] = [];
    const written: string[] = [];
    const { place } = notedPlace({
      write(text) {
        written.push(text);
        return new Promise((resolve) => gates.push(resolve));
      },
    });
    const { granted } = terminalOf(place);
    const guest = newGuest();
    const all = ["1", "2"].map((text) => outcome(() => guest.as(() => granted.functions.write(`\x1b[${text}m`))));
    const other = outcome(() => granted.functions.write("3"));
    await settle();
    // The first is done, and the second served, but not yet there when its guest ends.
    gates.shift()?.();
    await Promise.resolve().then(() => undefined);
    guest.end();
    await settle();
    gates.shift()?.();
    await Promise.all([...all, other]);
    expect(written).toEqual(["\x1b[1m", "3"]);
  });

  test("go one after the other, when there is room, and are left by who is gone", async () => {
    const gates: (() => void)[] = [];
    const written: string[] = [];
    const { place } = notedPlace({
      write(text) {
        written.push(text);
        return new Promise((resolve) => gates.push(resolve));
      },
    });
    const { write } = terminalOf(place).granted.functions;
    const guest = newGuest();
    const first = write("1");
    const gone = outcome(() => guest.as(() => write("2")));
    const third = write("3");
    await settle();
    expect(written).toEqual(["1"]);
    guest.end();
    expect(await gone).toBe("E_ENDED");
    gates.shift()?.();
    await first;
    await settle();
    expect(written).toEqual(["1", "3"]);
    gates.shift()?.();
    await third;
  });
});
