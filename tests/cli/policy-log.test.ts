import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cordon } from "./command.ts";
import { newFolder } from "./folder.ts";

const POLICY = `policy quiet over files.* {
  default abstain
  deny files.writeText when once files.readText because "it has read"
}
`;
const GUEST = `await files.readText("a.txt");
try { await files.writeText("b.txt", "x"); "written"; } catch (error) { error.message; }`;

const { folder, file: put } = newFolder("policy-log", {
  "data/a.txt": "hello",
  "guest.js": GUEST,
  "p.policy": POLICY,
  "open.policy": "policy open over files.* { default abstain }",
});
const at = (name: string): string => join(folder, name);

const run = (...words: string[]) =>
  cordon(["run", at("guest.js"), "--grant", `files=rw:${at("data")}`, "--policy", at("p.policy"), ...words]);

describe("cordon run --policy-log", () => {
  test("writes what was decided, and a refusal in it is explained with the event behind it", () => {
    expect(run("--policy-log", at("log"))).toMatchObject({ code: 0, out: expect.stringContaining("it has read") });
    const { out, code } = cordon(["policy", "explain", at("p.policy"), at("log")]);
    expect(code).toBe(0);
    expect(out).toMatch(/files\.writeText was denied by quiet, rule 1 at .*p\.policy:3:3: it has read/);
    expect(out).toMatch(/once files\.readText is true[\s\S]*event 1: files\.readText\(path: "\/a\.txt"\)/);
    expect(out).toContain("never allowed again");
    const [told] = JSON.parse(cordon(["policy", "explain", at("p.policy"), at("log"), "--json"]).out).refusals;
    expect(told).toMatchObject({ answer: "denied", policy: "quiet", rule: 0, flips: { first: "never again" } });
  });

  test("a log is the same under the policy that it was written under, and differs under another", () => {
    run("--policy-log", at("log"));
    expect(cordon(["policy", "replay", at("p.policy"), at("log")])).toMatchObject({
      code: 0,
      out: "the same  2 decisions\n",
    });
    const other = cordon(["policy", "replay", at("open.policy"), at("log")]);
    expect(other).toMatchObject({ code: 1, out: expect.stringContaining("was denied, and would be allowed") });
  });

  test("--policy-mode record refuses nothing, and what is learned allows what was done and passes its own tests", () => {
    expect(run("--policy-mode", "record", "--policy-log", at("seen")).out).toContain("written");
    const { out, code } = cordon(["policy", "learn", at("seen"), "--name", "mine"]);
    expect(code).toBe(0);
    expect(out).toContain('allow files.readText when path == "/a.txt"');
    put("mine.policy", out);
    expect(cordon(["policy", "test", at("mine.policy")])).toMatchObject({ code: 0 });
  });
});

describe("mistakes with logs", () => {
  test.each([
    ["no log", ["explain", "p.policy"], /which policy, and which log/],
    ["a log that is none", ["replay", "p.policy", "guest.js"], /guest\.js:1: /],
    ["an empty log", ["learn", "empty"], /the log is empty/],
    ["a file that is missing", ["learn", "missing"], /missing/],
  ])("%s is said, and the code is 2", (_, words, message) => {
    put("empty", "");
    const [verb = "", ...names] = words;
    const { code, err } = cordon(["policy", verb, ...names.map(at)]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });

  test("a log that cannot be written, a mode that is none, and a log without a policy run nothing", () => {
    expect(run("--policy-log", at("no/such/place"))).toMatchObject({ code: 2, out: "" });
    expect(run("--policy-mode", "watch")).toMatchObject({
      code: 2,
      err: expect.stringContaining("enforce, or record"),
    });
    expect(cordon(["run", at("guest.js"), "--policy-log", at("x")])).toMatchObject({ code: 2 });
  });
});
