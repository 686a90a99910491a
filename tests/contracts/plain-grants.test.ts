// Console, environment and arguments.
import { describe, expect, test, vi } from "vitest";
import { byteLength } from "../../policy-libs/console/console.ts";
import { args, consoleTo, env } from "../../policy-libs/index.ts";
import { environment } from "../../policy-libs/node/index.ts";
import { newGuest, outcome } from "./guest.ts";

vi.mock("../../policy-libs/meter/index.ts", async (original) => {
  return { ...(await original<object>()), account: (await import("./guest.ts")).account };
});

describe("a console", () => {
  const linesOf = async (...texts: string[]): Promise<unknown[]> => {
    const lines: unknown[] = [];
    const { write } = consoleTo((level, line) => lines.push([level, line])).functions;
    for (const text of texts) await write("log", text);
    return lines.map((line) => (line as unknown[])[1]);
  };

  test("hands over each line with its level", async () => {
    const lines: unknown[] = [];
    const { write } = consoleTo((level, line) => lines.push([level, line])).functions;
    await write("error", "one\ntwo\r\nthree");
    await write("debug", "");
    expect(lines).toEqual([
      ["error", "one"],
      ["error", "two"],
      ["error", "three"],
      ["debug", ""],
    ]);
  });

  test("takes one end of a line at the end for the end of it", async () => {
    expect(await linesOf("a\n", "b\r\n", "c\n\n", "\n", "d\re")).toEqual(["a", "b", "c", "", "", "d\re"]);
  });

  test("leaves control characters to the printer", async () => {
    expect(await linesOf("\x1b]0;title\x07\0")).toEqual(["\x1b]0;title\x07\0"]);
  });

  test("refuses what is too long, and a level that there is not", async () => {
    const { write } = consoleTo(() => undefined).functions;
    expect(await outcome(() => write("log", "x".repeat(65_536)))).toBeUndefined();
    expect(await outcome(() => write("log", "x".repeat(65_537)))).toBe("E_TOO_LARGE");
    expect(await outcome(() => write("fatal" as never, "x"))).toBe("E_VALUE");
  });

  test("is charged by the bytes of its lines, and says nothing that is not paid for", async () => {
    const guest = newGuest();
    const take = vi.fn();
    const { write } = consoleTo(take).functions;
    guest.limits.set("logBytes", 10);
    await guest.as(() => write("log", "aé€"));
    expect(guest.charges).toEqual([["logBytes", 7]]);
    expect(await outcome(() => guest.as(() => write("log", "abc")))).toBe("E_QUOTA");
    expect(take).toHaveBeenCalledTimes(1);
  });

  test("says nothing of what the embedder's callback threw", async () => {
    const { write } = consoleTo(() => {
      throw new Error("/home/host/file");
    }).functions;
    expect(await outcome(() => write("log", "x"))).toBe("E_IO");
    await expect(write("log", "x")).rejects.toThrow(/^the host could not take the line$/);
  });

  test.for(["", "abc", "é", "€", "😀", "\ud800", "a\udc00b", "\ud83d\ude00\ud83d"])(
    "counts the bytes of %j",
    (text) => {
      expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
    },
  );
});

describe("an environment", () => {
  test("has what was granted, and nothing else", () => {
    const { get, list } = env({ LANG: "de", EMPTY: "" }).functions;
    expect([get("LANG"), get("EMPTY"), get("PATH"), get("__proto__"), get("constructor")]).toEqual([
      "de",
      "",
      undefined,
      undefined,
      undefined,
    ]);
    expect(list()).toEqual(["LANG", "EMPTY"]);
  });

  test("does not change with the object that it was made of, or the list that it gave", async () => {
    const variables: Record<string, string> = { A: "1" };
    const { get, list } = env(variables).functions;
    variables["A"] = "2";
    variables["B"] = "3";
    ((await list()) as string[]).push("C");
    expect([get("A"), get("B"), list()]).toEqual(["1", undefined, ["A"]]);
  });

  test.for<[unknown]>([[{ A: 1 }], [{ "": "x" }], [{ "A=B": "x" }], [{ A: "a\0b" }], [{ A: "x".repeat(65_537) }]])(
    "cannot be made of %j",
    ([variables]) => {
      expect(() => env(variables as never)).toThrow(TypeError);
    },
  );

  test("of the host is what was named, if it is set", () => {
    process.env["CORDON_TEST_A"] = "1";
    try {
      expect(environment(["CORDON_TEST_A", "CORDON_TEST_MISSING", "constructor", "__proto__"])).toEqual({
        CORDON_TEST_A: "1",
      });
    } finally {
      delete process.env["CORDON_TEST_A"];
    }
  });
});

describe("arguments", () => {
  test("are those that were granted, in order, and stay so", async () => {
    const given = ["a", "", "--b=c"];
    const { all } = args(given).functions;
    given.push("d");
    ((await all()) as string[]).push("e");
    expect(all()).toEqual(["a", "", "--b=c"]);
  });

  test.for<[unknown]>([[[1]], [new Array(10_001).fill("")], [["x".repeat(65_537)]]])("cannot be others", ([given]) => {
    expect(() => args(given as never)).toThrow(TypeError);
  });
});
