// policy.file: a policy in a file of the host, and what it imports from beside it.
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CordonError } from "../../embed/errors.ts";
import { run } from "../../embed/node/index.ts";
import { type PolicyProblem, type PolicySource, policy, tree } from "../../policy-libs/node/index.ts";
import { MAX_FILE } from "../../policy-libs/policy/limits.ts";
import { newFolder } from "../cli/folder.ts";

const { folder, file } = newFolder("policy", { "in/deep/": "" });
const NO_READ = 'policy p over files.* { default abstain deny files.readText because "not this" }';
const readUnder = async (source: PolicySource): Promise<string> => {
  const grant = { files: tree({ a: "alpha" }) };
  const result = await run({ source: "await files.readText('a')", grant, policy: source });
  return result.status === "threw" ? result.error.message : String((result as { value?: unknown }).value);
};
const thrownBy = (work: () => unknown): Error & { readonly code?: string; readonly cause?: PolicyProblem } => {
  try {
    work();
  } catch (error) {
    return error as ReturnType<typeof thrownBy>;
  }
  throw new Error("nothing was thrown");
};

describe("policy.file", () => {
  test("is enforced, and so is what it imports from beside itself", async () => {
    expect(await readUnder(policy.file(file("one.policy", NO_READ)))).toBe("not this");
    file("in/deep/base.policy", NO_READ);
    const imports = file("two.policy", 'import "in/deep/base.policy" as base\nbundle all_of { all of base.p }');
    expect(await readUnder(policy.file(imports))).toBe("not this");
  });

  test("what is handed in under a name is taken in place of the file of that name", async () => {
    file("base.policy", NO_READ);
    const path = file("three.policy", 'import "base.policy" as base\nbundle b { all of base.p }');
    const milder = NO_READ.replace("not this", "handed in");
    expect(await readUnder(policy.file(path, { imports: { "base.policy": milder } }))).toBe("handed in");
  });

  test("names in what is imported begin at the policy's own directory", async () => {
    file("in/half.policy", 'import "in/deep/base.policy" as base\nbundle half { all of base.p }');
    const path = file("four.policy", 'import "in/half.policy" as half\nbundle whole { all of half.half }');
    expect(await readUnder(policy.file(path))).toBe("not this");
    file("in/lost.policy", 'import "deep/base.policy" as base\nbundle half { all of base.p }');
    const lost = file("five.policy", 'import "in/lost.policy" as half\nbundle whole { all of half.half }');
    expect(thrownBy(() => policy.file(lost)).message).toContain(
      'in/lost.policy:1:1 P301 cannot import "deep/base.policy"',
    );
  });

  test.each([
    ["../one.policy", "no name of a file below"],
    ["in/../one.policy", "no name of a file below"],
    ["./one.policy", "no name of a file below"],
    ["/etc/hosts", "no name of a file below"],
    ["in//half.policy", "no name of a file below"],
    ["in\\\\half.policy", "no name of a file below"],
    ["C:half.policy", "no name of a file below"],
    ["", "no name of a file below"],
    ["missing.policy", "no such file"],
    ["one.policy/x", "no such file"],
    ["in", "is a directory"],
  ])("does not import %j", (name, why) => {
    file("one.policy", NO_READ);
    const path = file("bad.policy", `# first\nimport "${name}" as x`);
    const error = thrownBy(() => policy.file(path));
    expect(error).toMatchObject({ code: "E_POLICY", cause: { diagnostics: [{ code: "P301", line: 2, column: 1 }] } });
    expect(error.message).toContain(why);
  });

  test("does not follow a link, to a file or of a directory on the way, but may be one itself", async () => {
    file("one.policy", NO_READ);
    symlinkSync("one.policy", join(folder, "link.policy"));
    symlinkSync("in", join(folder, "linked"));
    for (const name of ["link.policy", "linked/deep/base.policy"]) {
      const path = file("bad.policy", `import "${name}" as x`);
      expect(thrownBy(() => policy.file(path)).message).toContain("a link");
    }
    expect(await readUnder(policy.file(join(folder, "link.policy")))).toBe("not this");
  });

  test("what cannot be read is told in words, and no pipe or device is waited for", () => {
    const because = (path: string): string => thrownBy(() => policy.file(path)).message;
    expect(because(join(folder, "missing.policy"))).toBe(`${join(folder, "missing.policy")}: no such file`);
    expect(because(folder)).toContain("is a directory");
    expect(because(file("wide.policy", Uint8Array.of(0xff, 0xfe, 0x70, 0)))).toContain("it looks like UTF-16");
    expect(because(file("bytes.policy", Uint8Array.of(0x70, 0x80)))).toContain("is not UTF-8 text");
    expect(because(file("huge.policy", "#".repeat(MAX_FILE + 1)))).toContain("is longer than 512 KiB");
    expect(() => policy.file(file("full.policy", "#".repeat(MAX_FILE)))).not.toThrow();
    if (process.platform === "win32") return;
    expect(because("/dev/zero")).toContain("is no regular file");
    execFileSync("mkfifo", [join(folder, "pipe.policy")]);
    expect(because(join(folder, "pipe.policy"))).toContain("is no regular file");
  });

  test("of 65 imported files the last is too many", () => {
    for (let n = 0; n < 65; n++) file(`n${n}.policy`, "");
    const importing = (many: number): string =>
      file("many.policy", Array.from({ length: many }, (_, n) => `import "n${n}.policy" as n${n}`).join("\n"));
    expect(() => policy.file(importing(64))).not.toThrow();
    expect(thrownBy(() => policy.file(importing(65))).message).toContain("many.policy:65:1 P301");
  });

  test("mistakes in it are told where it is used, with the texts that they stand in", async () => {
    const path = file("wrong.policy", "policy p over files.* {\n  default abstain\n  deny files.raed\n}");
    const error = await readUnder(policy.file(path)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CordonError);
    const { message, cause } = error as Error & { readonly cause: PolicyProblem };
    expect(message).toContain(`${path}:3:8 P104`);
    expect([...cause.texts.keys()]).toContain(path);
  });

  test("takes a path and known options only", () => {
    expect(() => policy.file(1 as never)).toThrow(TypeError);
    expect(() => policy.file("")).toThrow(TypeError);
    expect(() => policy.file(file("one.policy", NO_READ), { nothing: 1 } as never)).toThrow("a policy has no option");
  });

  test("warnings are told once, however many sandboxes are made", async () => {
    const told: string[] = [];
    const path = file(
      "two-of.policy",
      `${NO_READ}\npolicy needs(n: int) over files.* { default abstain deny files.list when length(path) > n }`,
    );
    const source = policy.file(path, { onWarning: ({ code }) => told.push(code) });
    await readUnder(source);
    await readUnder(source);
    expect(told).toEqual(["P123"]);
  });
});
