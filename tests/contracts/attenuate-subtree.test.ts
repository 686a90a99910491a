// The chroot of capabilities: subtree, over files in memory and over a real directory.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  FILES,
  type Granted,
  only,
  PATH_ARGUMENTS,
  readOnly,
  revocable,
  subtree,
  tree,
} from "../../policy-libs/index.ts";
import { directory } from "../../policy-libs/node/index.ts";
import { type Functions, functionsOf, newWorld, outcome } from "./attenuate-world.ts";

const CONTENTS = {
  "outside.txt": "SECRET",
  in: { "a.txt": "alpha", deep: { "b.txt": "beta" } },
  inner: { "c.txt": "c" },
};

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "cordon-subtree-")));
  mkdirSync(join(root, "in/deep"), { recursive: true });
  mkdirSync(join(root, "inner"));
  writeFileSync(join(root, "outside.txt"), "SECRET");
  writeFileSync(join(root, "in/a.txt"), "alpha");
  writeFileSync(join(root, "in/deep/b.txt"), "beta");
  writeFileSync(join(root, "inner/c.txt"), "c");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const BASES: Readonly<Record<string, () => Granted>> = {
  "in memory": () => tree(CONTENTS),
  "of a directory": () => directory(root),
};

const ESCAPES = [
  ...["..", "../outside.txt", "deep/../../outside.txt", "/etc/passwd", "/", "./..", "deep/..", "a.txt/..", "../in"],
  ...["..\\outside.txt", "deep//b.txt", "\0", "a.txt\0", "C:\\x", "\\\\host\\share", "deep/./b.txt", "~", "\ud800"],
].filter((path) => path !== "~");

describe.each(Object.keys(BASES))("subtree of files %s", (kind) => {
  let base: Functions;
  let files: Functions;
  beforeEach(() => {
    const granted = BASES[kind]!();
    base = functionsOf(granted);
    files = functionsOf(subtree(granted, "in"));
  });
  const call = (name: string, ...args: unknown[]): Promise<unknown> => outcome(() => files[name]!(...args));

  test("shows the folder as if it were all there is", async () => {
    expect(await call("readText", "a.txt")).toBe("alpha");
    expect(await call("readText", "./deep/b.txt")).toBe("beta");
    const entries = [
      { name: "a.txt", kind: "file" },
      { name: "deep", kind: "directory" },
    ];
    for (const args of [[], ["."], [""], [undefined]]) expect(await call("list", ...args)).toEqual(entries);
    expect(await call("list", ".", { recursive: true })).toEqual([...entries, { name: "deep/b.txt", kind: "file" }]);
    expect(await call("stat", ".")).toMatchObject({ kind: "directory" });
    expect(await call("exists", "")).toBe(true);
    expect(await call("exists", "outside.txt")).toBe(false);
  });

  test("writes, moves and removes inside, and nowhere else", async () => {
    expect(await call("writeText", "new.txt", "new")).toBeUndefined();
    expect(await call("rename", "new.txt", "deep/new.txt")).toBeUndefined();
    expect(await call("copy", "deep/new.txt", "copy.txt")).toBeUndefined();
    expect(await call("makeDirectory", "made/below")).toBeUndefined();
    expect(await call("remove", "a.txt")).toBeUndefined();
    expect(await base["readText"]!("in/deep/new.txt")).toBe("new");
    expect(await base["readText"]!("in/copy.txt")).toBe("new");
    expect(await base["exists"]!("in/made/below")).toBe(true);
    expect(await base["exists"]!("in/a.txt")).toBe(false);
    expect(await base["list"]!(".")).toHaveLength(3);
  });

  test.each(ESCAPES)("no call escapes by %j, in any of its arguments", async (path) => {
    for (const [name, indices] of Object.entries(PATH_ARGUMENTS))
      for (const index of indices) {
        const args = name === "writeText" || name === "append" ? ["a.txt", "text"] : ["a.txt", "b.txt"];
        args[index] = path;
        expect(["E_PATH", "E_VALUE"]).toContain(await call(name, ...args));
      }
    expect(await base["readText"]!("outside.txt")).toBe("SECRET");
    expect(await base["readText"]!("in/a.txt")).toBe("alpha");
  });

  test("the folder itself is neither written, removed, moved nor opened", async () => {
    for (const path of ["", ".", "./"]) {
      for (const name of ["remove", "open", "openReader", "openWriter", "readText", "truncate"])
        expect(await call(name, path, 0)).toBe("E_PATH");
      for (const name of ["writeText", "append"]) expect(await call(name, path, "x")).toBe("E_PATH");
      for (const name of ["rename", "copy"]) {
        expect(await call(name, path, "x")).toBe("E_PATH");
        expect(await call(name, "a.txt", path)).toBe("E_PATH");
      }
    }
    // As the granted directory itself: it is there already.
    for (const path of ["", "."]) expect(await call("makeDirectory", path)).toBeUndefined();
    expect(await base["exists"]!("in/a.txt")).toBe(true);
  });

  test("a path that is no text reaches nothing", async () => {
    for (const path of [null, 7, ["a.txt"], { toString: () => "../outside.txt" }, new String("a.txt"), true])
      for (const name of Object.keys(PATH_ARGUMENTS)) expect(await call(name, path, "x")).toBe("E_VALUE");
  });

  test("errors name what the guest named, and neither the folder nor the host", async () => {
    const failing: [string, ...unknown[]][] = [
      ["readText", "missing/x"],
      ["list", "a.txt"],
      ["remove", "deep"],
      ["rename", "missing", "x"],
      ["open", "missing"],
      ["openWriter", "a.txt", { mode: "create" }],
      ["makeDirectory", "a.txt"],
      ["readText", "deep"],
    ];
    for (const [name, ...args] of failing) {
      const error = await files[name]!(...args).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(error, name).toBeInstanceOf(Error);
      expect(error.message).toContain(JSON.stringify(args[0]));
      expect(`${error.message}${JSON.stringify(error)}`).not.toMatch(/in\/|cordon-subtree/);
    }
    const writer = functionsOf((await files["openWriter"]!("late", { mode: "create" })) as Granted);
    await writer["write"]!("x");
    await base["writeText"]!("in/late", "first");
    const late = await writer["close"]!().catch((thrown: Error) => thrown);
    expect(late).toMatchObject({ code: "E_EXISTS" });
    expect(late.message).not.toContain("in/late");
  });

  test("handles are of the file that was opened, and watches tell names inside", async () => {
    const file = functionsOf((await files["open"]!("a.txt", { write: true })) as Granted);
    await file["writeAt"]!(0, new TextEncoder().encode("ALPHA"));
    await file["close"]!();
    expect(await base["readText"]!("in/a.txt")).toBe("ALPHA");
    const watch = functionsOf((await files["watch"]!(".")) as Granted);
    const next = watch["next"]!();
    await base["writeText"]!("outside.txt", "x");
    await files["writeText"]!("seen.txt", "x");
    expect(((await next) as { path: string }).path).toBe("seen.txt");
    await watch["close"]!();
  });

  test("nests: a subtree of a subtree is the inner folder, and knows no way up", async () => {
    const deep = functionsOf(subtree(subtree(BASES[kind]!(), "in"), "deep"));
    expect(await deep["readText"]!("b.txt")).toBe("beta");
    for (const path of ["../a.txt", "..", "/a.txt"])
      expect(await outcome(() => deep["readText"]!(path))).toBe("E_PATH");
    const same = functionsOf(subtree(subtree(BASES[kind]!(), "in"), "."));
    expect(await same["readText"]!("a.txt")).toBe("alpha");
    const error = await deep["readText"]!("x").catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(/^"x": /);
  });

  test("stands in stacks: read-only, facets, revocable, in any order", async () => {
    const granted = BASES[kind]!();
    const { granted: revoked, revoke } = revocable(subtree(readOnly(granted), "in"));
    const outer = functionsOf(readOnly(only(revoked, ["readText", "open", "writeText"])));
    expect(await outer["readText"]!("a.txt")).toBe("alpha");
    expect(await outcome(() => outer["writeText"]!("a.txt", "x"))).toBe("E_READ_ONLY");
    const file = functionsOf((await outer["open"]!("a.txt")) as Granted);
    revoke();
    expect(await outcome(() => file["size"]!())).toBe("E_REVOKED");
  });

  test("property: whatever a guest says as a path, nothing outside the folder is changed or read", async () => {
    const part = fc.constantFrom(
      "..",
      ".",
      "",
      "in",
      "a.txt",
      "deep",
      "outside.txt",
      "inner",
      "c.txt",
      "\\",
      "/",
      "\0",
    );
    const path = fc.array(part, { maxLength: 5 }).map((parts) => parts.join("/"));
    const step = fc.record({ name: fc.constantFrom(...Object.keys(PATH_ARGUMENTS)), from: path, to: path });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const { name, from, to } of steps) {
          const got = JSON.stringify(await call(name, from, to)) ?? "";
          expect(got).not.toContain("SECRET");
        }
        expect(await base["readText"]!("outside.txt")).toBe("SECRET");
        expect(await base["readText"]!("inner/c.txt")).toBe("c");
        expect(await base["list"]!(".")).toEqual([
          ...[
            { name: "in", kind: "directory" },
            { name: "inner", kind: "directory" },
          ],
          { name: "outside.txt", kind: "file" },
        ]);
      }),
      { numRuns: kind === "in memory" ? 200 : 30 },
    );
  });
});

describe("subtree", () => {
  test("a folder whose name begins as another's is not that other", async () => {
    const files = functionsOf(subtree(tree(CONTENTS), "in"));
    expect(await outcome(() => files["readText"]!("ner/c.txt"))).toBe("E_NOT_FOUND");
  });

  test("a folder that is a link leads nowhere", async () => {
    mkdirSync(join(root, "elsewhere"));
    writeFileSync(join(root, "elsewhere/secret"), "secret");
    mkdirSync(join(root, "jail"));
    symlinkSync(join(root, "elsewhere"), join(root, "jail/link"));
    const files = functionsOf(subtree(directory(join(root, "jail")), "link"));
    expect(await outcome(() => files["readText"]!("secret"))).toBe("E_PATH");
    expect(await outcome(() => files["writeText"]!("new", "x"))).toBe("E_PATH");
    expect(existsSync(join(root, "elsewhere/new"))).toBe(false);
    expect(readFileSync(join(root, "elsewhere/secret"), "utf8")).toBe("secret");
  });

  test("a folder that is not there has nothing in it", async () => {
    const files = functionsOf(subtree(tree(CONTENTS), "nowhere"));
    expect(await outcome(() => files["list"]!())).toBe("E_NOT_FOUND");
    expect(await outcome(() => files["writeText"]!("a", "x"))).toBe("E_NOT_FOUND");
  });

  test("every call of files is in the table of paths, and other capabilities are refused", () => {
    expect(Object.keys(PATH_ARGUMENTS).sort()).toEqual(FILES.calls.map(({ name }) => name).sort());
    expect(() => subtree(newWorld().granted, "in")).toThrow(TypeError);
    for (const folder of ["..", "/", "a/../b", "a\\b"]) expect(() => subtree(tree(), folder)).toThrow();
  });
});
