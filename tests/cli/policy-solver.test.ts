// `cordon policy check --solver z3`: claims that are open without it, the package that is not there, and an end.
import { describe, expect, test } from "vitest";
import { cordon } from "./command.ts";
import { newFolder } from "./folder.ts";

const { file } = newFolder("solver");
const check = (path: string, ...words: string[]) => cordon(["policy", "check", path, ...words]);

const CAPPED = `policy capped over net.connect { default deny allow net.connect when port <= 100 and count net.connect < 5 }
policy budget over net.connect { default deny allow net.connect when sum port on net.connect + port <= 500 }
prove capped narrower than budget
`;
const SETTLED = `policy few over net.connect { default deny allow net.connect when count net.connect < 5 }
prove few never net.connect when count net.connect > 5
`;
/** As where it was never installed. */
const WITHOUT = {
  NODE_OPTIONS: `--import=${file(
    "hide.mjs",
    `import Module from "node:module";
const own = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name === "z3-solver") throw new Error("not there");
  return own.call(this, name, ...rest);
};`,
  )}`,
};
const MISSING = "cordon: --solver z3: the package z3-solver is not installed\n  try: npm install z3-solver\n";

describe("cordon policy check --solver z3", () => {
  const path = file("capped.policy", CAPPED);

  test("is named where a claim stays open and it may tell, and only there", () => {
    const { out, code } = check(path);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^not proved {2}.*\n.*not every amount was tried\n {2}try: --solver z3/),
    ]);
    expect(check(file("few.policy", SETTLED)).out).not.toContain("--solver");
  });

  test("proves it, says that it did, and the command ends by itself", () => {
    const { out, err, code } = check(path, "--solver", "z3", "--strict");
    expect([code, err, out]).toEqual([
      0,
      "",
      expect.stringMatching(/^proved by z3 {2}.*capped narrower than budget\nfine/),
    ]);
  });

  test("--json tells who proved it", () => {
    const { out } = check(path, "--solver", "z3", "--json");
    expect(JSON.parse(out)).toMatchObject({ files: [{ claims: [{ verdict: "proved", by: "z3" }] }] });
  });

  test("refutes with a trace what is wrong", () => {
    const wrong = CAPPED.replace(
      "prove capped narrower than budget",
      "prove budget never net.connect when sum port on net.connect > 400",
    );
    const { out, code } = check(file("wrong.policy", wrong), "--solver", "z3");
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^refuted .*\n {2}net\.connect\("\w", 4\d\d,.*\n {2}net\.connect/),
    ]);
  });

  test("leaves it open when time is up, and says so", () => {
    const { out, code } = check(path, "--solver", "z3", "--solver-time", "1ms");
    expect([code, out]).toEqual([0, expect.stringMatching(/^not proved {2}.*\n.*; z3: .*\nfine/)]);
  });

  test("without the package is an error that says how to install it; nothing else needs it", () => {
    expect(cordon(["policy", "check", path, "--solver", "z3"], "", WITHOUT)).toEqual({
      code: 2,
      out: "",
      err: MISSING,
    });
    expect(cordon(["policy", "check", path], "", WITHOUT).code).toBe(0);
  });

  test.for([
    [["--solver", "z4"], "--solver z4: there is no such solver"],
    [["--solver-time", "5s"], "--solver-time needs --solver"],
    [["--solver", "z3", "--solver-time", "5x"], "--solver-time 5x: no time from 1ms to 1h"],
    [["--solver", "z3", "--solver-time", "2h"], "--solver-time 2h: no time from 1ms to 1h"],
    [["--solver", "z3", "--solver-time", "0"], "--solver-time 0: no time from 1ms to 1h"],
  ] as const)("%j is a mistake of the command line", ([words, message]) => {
    expect(check(path, ...words)).toMatchObject({ code: 2, err: expect.stringContaining(`cordon: ${message}\n`) });
  });
});
