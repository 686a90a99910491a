// What the command says of a run that somebody would have to answer: nobody is there, so it ends as interrupted.
import { afterEach, describe, expect, test, vi } from "vitest";
import { parse } from "../../embed/cli/arguments.ts";
import { finish } from "../../embed/cli/finish.ts";
import { interrupt } from "../../policy-libs/index.ts";
import { run } from "../embed/cordon.ts";

afterEach(() => vi.restoreAllMocks());

async function finished(question: unknown, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const listen = (stream: NodeJS.WriteStream, name: "out" | "err"): void => {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  };
  listen(process.stdout, "out");
  listen(process.stderr, "err");
  const result = await run({ source: "await ask()", grant: { ask: () => interrupt(question) } });
  const code = finish(parse("run", ["-e", "1", ...words]), result, { name: "x.js", ctrlC: false });
  vi.restoreAllMocks();
  if (result.status === "interrupted") result.continuation.cancel();
  return { code, ...said };
}

describe("cordon run: an interrupted run", () => {
  test("is told in one line with its question, cut and escaped, and exits with 7", async () => {
    const { code, out, err } = await finished({ call: "pay", args: [7] });
    expect({ code, out }).toEqual({ code: 7, out: "" });
    expect(err).toBe('cordon: interrupted, and nobody can answer: {"call":"pay","args":[7]}\n');
    expect((await finished("\x1b[2Jred?")).err).toBe("cordon: interrupted, and nobody can answer: \\x1b[2Jred?\n");
    expect((await finished("x".repeat(5_000))).err.length).toBeLessThan(300);
  });

  test("is data with --json: the question, without what cannot be data", async () => {
    const { code, out } = await finished(["a", 1n], "--json");
    expect(code).toBe(7);
    const told = JSON.parse(out) as Record<string, unknown>;
    expect(told).toMatchObject({ status: "interrupted", question: ["a", { $type: "bigint", value: "1" }], exit: 7 });
    expect(told).not.toHaveProperty("continuation");
  });
});
