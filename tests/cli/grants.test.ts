// What can be granted on the command line and in a file, how both are put together, and how mistakes in them are told.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as property } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT, UsageError } from "../../embed/cli/exit.ts";
import { type Grant, joinGrants, wordOf } from "../../embed/cli/grants/grant.ts";
import { JsonProblem, parseJson, plainOf } from "../../embed/cli/grants/json-text.ts";
import { KINDS } from "../../embed/cli/grants/kinds.ts";
import { type Schema, validate } from "../../embed/cli/grants/schema.ts";
import { parseWord } from "../../embed/cli/grants/word.ts";
import { beside, cordon, ROOT } from "./command.ts";

let folder = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cordon-grants-")));
  mkdirSync(join(folder, "data"));
  mkdirSync(join(folder, "other"));
  writeFileSync(join(folder, "data/a.txt"), "alpha");
  writeFileSync(join(folder, "other/a.txt"), "beta");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SCHEMA = JSON.parse(readFileSync(join(ROOT, "embed/cli/grants/grants.schema.json"), "utf8")) as Schema;

const file = (grants: unknown): string => {
  const path = join(folder, "grants.json");
  writeFileSync(path, typeof grants === "string" ? grants : JSON.stringify({ grants }));
  return path;
};
const run = (source: string, ...args: string[]) => cordon(["run", "-e", source, ...args]);

describe("--grant WORD", () => {
  test.each([
    ["files=ro:./data", "files", "files", { mode: "ro", path: "./data" }],
    ["data=rw:a=b:c", "data", "files", { mode: "rw", path: "a=b:c" }],
    ["data=files:ro:.", "data", "files", { mode: "ro", path: "." }],
    ["net=a.example:443", "net", "net", { allow: ["a.example:443"] }],
    ["net=http:80", "net", "net", { allow: ["http:80"] }],
    [
      "web=net:a:1-9,listen:127.0.0.1:0,udp:[::1]:53,bind:127.0.0.1:0,connect:listen:1",
      "web",
      "net",
      { allow: ["a:1-9", "listen:1"], listen: ["127.0.0.1:0"], udp: ["[::1]:53"], bind: ["127.0.0.1:0"] },
    ],
    ["http=https://a.example/v1/,b:80", "http", "http", { allow: ["https://a.example/v1/", "b:80"] }],
    ["kv=memory", "kv", "kv", { store: "memory" }],
    ["cache=kv:./x.sqlite", "cache", "kv", { store: "./x.sqlite" }],
    ["env=LANG, TZ", "env", "env", { names: ["LANG", "TZ"] }],
    ["env=MODE=a,b=c", "env", "env", { names: ["MODE=a,b=c"] }],
    ["clock", "clock", "clock", {}],
    ["now=clock", "now", "clock", {}],
    ["argv=args", "argv", "args", {}],
    ["out=console", "out", "console", {}],
  ])("%s gives %s as %s", (word, name, kind, fields) => {
    expect(parseWord(word)).toMatchObject({ name, kind, fields });
  });

  test.each([
    ["files", "not NAME=KIND:WHAT", "--grant files=ro:DIR"],
    ["a b=ro:.", "not NAME=KIND:WHAT", "--grant files"],
    ["x", "not NAME=KIND:WHAT", "--grant files"],
    ["fles", "did you mean files?", "--grant files"],
    ["x=fles:ro:.", "unknown kind fles: did you mean files?", "--grant files"],
    ["files=rx:.", "did you mean ro?", "--grant files=ro:./data"],
    ["files=ro:", "not ro:DIR", "--grant files=ro:./data"],
    ["net=a.example", "names no port", "--grant net="],
    ["net=a:1,,b:2", "between commas", "--grant net="],
    ["http=a.example", "neither a URL nor HOST:PORT", "--grant http="],
    ["kv=", "not memory or a file", "--grant kv="],
    ["env=1A", "no name of a variable", "--grant env="],
    ["clock=now", "takes nothing more", "--grant clock"],
    ["args", "the name args is taken", "argv=args"],
    ["console", "the name console is taken", "out=console"],
    ["globalThis=ro:.", "is taken", "belongs to the language"],
  ])("%s is told to be wrong, and how it is right", (word, message, hint) => {
    const told = (() => {
      try {
        parseWord(word);
        return undefined;
      } catch (error) {
        return error as UsageError;
      }
    })();
    expect(told).toBeInstanceOf(UsageError);
    expect(told?.message).toContain(message);
    expect(told?.hint).toContain(hint);
  });

  test.each(["files=ro:d", "d=files:rw:d", "net=a:1,listen:b:2", "kv=memory", "x=kv:f", "env=A", "clock", "c=clock"])(
    "%s is what its grant is written as",
    (word) => {
      const { name, kind, fields } = parseWord(word);
      expect(wordOf({ name, kind, fields })).toBe(word);
    },
  );

  property.prop([fc.string({ unit: "binary", maxLength: 40 })])("of any text is a grant or a mistake", (word) => {
    try {
      expect(Object.keys(KINDS)).toContain(parseWord(word).kind);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
    }
  });
});

describe("what a grant gives", () => {
  const value = (source: string, ...args: string[]): unknown => {
    const { out, err } = run(source, "--json", ...args);
    const ended = JSON.parse(out) as { status: string; value?: unknown };
    expect(ended.status, err + out).toBe("returned");
    return ended.value;
  };

  test("args, env, clock, timers, random and digest", () => {
    const source = `const before = clock.now(); await timers.sleep(20);
      [await argv.all(), env.get("MODE"), env.get("HOME") !== undefined, env.get("PATH"), env.list().sort(),
       clock.now() - before >= 19, (await random.bytes(3)).length, await digest.digest("SHA-256", "", "hex")]`;
    const grants = ["argv=args", "env=HOME", "env=MODE=a,b", "clock", "timers", "random", "digest"];
    expect(value(source, ...grants.flatMap((word) => ["--grant", word]), "--", "x", "-y")).toEqual([
      ["x", "-y"],
      ...["a,b", true, { $type: "undefined" }, ["HOME", "MODE"], true, 3],
      // FIPS 180-4, of no bytes.
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ]);
  });

  test("random with --seed repeats, and what tells the host's time is refused to a run that repeats", () => {
    const source = "await random.integer(1, 1e9)";
    const seeded = (seed: string): unknown => value(source, "--grant", "random", "--seed", seed);
    expect(seeded("1")).toBe(seeded("1"));
    expect(seeded("1")).not.toBe(seeded("2"));
    for (const kind of ["clock", "timers"])
      expect(run("1", "--grant", kind, "--virtual")).toMatchObject({ code: EXIT.usage.code, out: "" });
  });

  test("console says lines where the guest's own console does", () => {
    const source = "await say.write('log', 'to stdout'); await say.write('error', 'to stderr'); undefined";
    expect(run(source, "--grant", "say=console")).toEqual({ code: 0, out: "to stdout\n", err: "to stderr\n" });
  });

  test("kv in memory forgets, and in a file does not", () => {
    const store = ["--grant", "kv=memory", "--grant", `kept=kv:${folder}/x.sqlite`];
    const source = "[await kv.increment('n'), await kept.increment('n')]";
    expect([value(source, ...store), value(source, ...store)]).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  test("terminal is there for a run, not for what wants stdin or stdout itself", () => {
    expect(run("terminal.size()", "--grant", "terminal").out).toBe("{ columns: 80, rows: 24 }\n");
    expect(run("1", "--grant", "terminal", "--json").err).toContain("both want stdout");
    expect(cordon(["run", "-", "--grant", "terminal"], "1").err).toContain("stdin is read already");
    expect(cordon(["repl", "--grant", "terminal"], "1\n").err).toContain("stdin is read already");
  });

  test("net and http reach what was named, and nothing else", async () => {
    const server = createServer((request, response) => response.end(`answer to ${request.url}`));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const fetching = `const of = async (path) => {
          try { return await (await http.fetch({ url: "http://${at}" + path })).body.text(); } catch (e) { return e.code; }
        };
        [await of("/a/b"), await of("/c")]`;
      const fetched = await beside(["run", "-e", fetching, "--grant", `http=http://${at}/a/`]);
      expect(fetched).toEqual({ code: 0, out: "[ 'answer to /a/b', 'E_NOT_GRANTED' ]\n", err: "" });
      const [host, port] = at.split(":");
      const connecting = `const of = async (port) => {
          try { const s = await net.connect({ host: "${host}", port }); s.close(); return "open"; } catch (e) { return e.code; }
        };
        [await of(${port}), await of(1)]`;
      const connected = await beside(["run", "-e", connecting, "--grant", `net=${at}`]);
      expect(connected).toEqual({ code: 0, out: "[ 'open', 'E_NOT_GRANTED' ]\n", err: "" });
    } finally {
      server.close();
    }
  });

  test.each([
    ["net=999.1.1.1:5", "neither a name nor an address"],
    ["net=a:99999", "at most 65535"],
    ["http=https://a/../b", "not plain"],
    ["kv=/no/such/place/x.sqlite", "unable to open"],
    ["files=ro:/no/such/place", "no such directory"],
  ])("%s is refused before anything runs", (word, message) => {
    const { code, out, err } = run("console.log('ran')", "--grant", word);
    expect([code, out, err]).toEqual([EXIT.usage.code, "", expect.stringContaining(message)]);
  });
});

describe("several grants", () => {
  const notes: string[] = [];
  const join_ = (...grants: Grant[]) => {
    notes.splice(0);
    return joinGrants(grants, (text) => void notes.push(text)).map(wordOf);
  };
  const fromFile = (word: string): Grant => ({ ...parseWord(word), from: "grants.json:1:1", isFromFile: true });

  test("lists grow, and have each item once", () => {
    expect(join_(parseWord("net=a:1"), parseWord("net=b:2,a:1"), parseWord("net=listen:c:3"))).toEqual([
      "net=a:1,b:2,listen:c:3",
    ]);
    expect(join_(fromFile("env=A"), parseWord("env=B"))).toEqual(["env=A,B"]);
    expect(notes).toEqual([]);
  });

  test("the command line is taken instead of a file, with a note", () => {
    expect(join_(fromFile("files=ro:a"), parseWord("files=rw:b"))).toEqual(["files=rw:b"]);
    expect(notes).toEqual(["--grant files=rw:b is taken instead of files=ro:a of grants.json:1:1"]);
    expect(join_(fromFile("files=ro:a"), parseWord("files=ro:a"))).toEqual(["files=ro:a"]);
    expect(notes).toEqual([]);
  });

  test.each([
    [[parseWord("files=ro:a"), parseWord("files=rw:a")], "files twice, for two things"],
    [[parseWord("x=ro:a"), parseWord("x=ro:a")], "x twice, for the same thing"],
    [[fromFile("kv=memory"), fromFile("kv=x")], "kv twice, for two things"],
    [[fromFile("x=ro:a"), parseWord("x=clock")], "x is clock here and files in grants.json:1:1"],
    [[parseWord("x=clock"), parseWord("x=net:a:1")], "x is net here and clock in"],
  ])("contradictions are errors: %#", (grants, message) => {
    expect(() => join_(...grants)).toThrow(message);
  });
});

describe("--grants FILE.json", () => {
  test("gives what it says, with paths from its own directory on", () => {
    const path = file({ files: { mode: "ro", path: "./data" }, out: { kind: "files", mode: "rw", path: "other" } });
    const source = "await out.writeText('b.txt', await files.readText('a.txt')); await out.readText('b.txt')";
    expect(run(source, "--grants", path)).toEqual({ code: 0, out: "alpha\n", err: "" });
    expect(run("await files.writeText('x', '')", "--grants", path).err).toContain("E_READ_ONLY");
  });

  test("gives way to the command line, with a note, and adds to it", () => {
    const path = file({ files: { mode: "ro", path: "./data" } });
    const { out, err } = run("await files.readText('a.txt')", "--grants", path, "--grant", `files=ro:${folder}/other`);
    expect([out, err]).toEqual([
      "beta\n",
      expect.stringMatching(/^cordon: --grant .* is taken instead of .*grants\.json:1:/),
    ]);
    expect(run("await more.readText('a.txt')", "--grants", path, "--grant", `more=ro:${folder}/other`).out).toBe(
      "beta\n",
    );
  });

  test("says so if one grant lets the guest write what another only reads", () => {
    const path = file({ files: { mode: "ro", path: "./data" }, out: { kind: "files", mode: "rw", path: "." } });
    expect(run("1", "--grants", path).err).toMatch(/lets the guest write what files=ro:.*data only reads/);
  });

  test("works for check and types as well", () => {
    const path = file({ files: { mode: "ro", path: "./data" } });
    expect(cordon(["check", "-e", "files.nothing()", "--types", "--grants", path]).code).toBe(1);
    expect(cordon(["types", "--grants", path]).out).toContain("declare const files");
  });

  test.each([
    [
      `{"grants": {"files": {"mode": "rx", "path": "."}}}`,
      `:1:31: grants.files.mode must be one of "ro", "rw"; did you mean ro?`,
    ],
    [`{"grants": {"files": {"mode": "ro"}}}`, `:1:22: grants.files lacks "path", such as "path": "./data"`],
    [`{"grants": {"files": {"mode": "ro", "pth": "."}}}`, "grants.files.pth unknown key: did you mean path?"],
    [`{"grants": {"net": {"allow": ["a:1", "b"]}}}`, `grants.net.allow[1] "b" is not HOST:PORT: write it like`],
    [`{"grants": {"x": {"kind": "fles"}}}`, "grants.x.kind must be one of"],
    [`{"grants": {"x": {"mode": "ro", "path": "."}}}`, `grants.x lacks "kind", such as "kind": "files"`],
    [`{"grants": {"x": {"kind": "files", "mode": "ro", "path": 5}}}`, "grants.x.path is a number and must be a text"],
    [`{"grants": {"net": {"kind": "files", "mode": "ro", "path": "."}}}`, `grants.net.kind must be "net"`],
    [`{"grants": {"a b": {"kind": "clock"}}}`, `"a b" is not a name for a global`],
    [`{"grants": {"args": {"kind": "clock"}}}`, "the name args is taken"],
    [`{"grants": []}`, "grants is a list [...] and must be an object {...}"],
    [`{"grant": {}}`, "grant unknown key: did you mean grants?"],
    ["{}", `lacks "grants"`],
    [`{"grants": {"a": {}, "a": {}}}`, `:1:22: not JSON: "a" stands here twice`],
    [`{"grants": {},}`, ":1:15: not JSON: a comma too many"],
    [`{\n  // a comment\n  "grants": {} }`, `:2:3: not JSON: a text in "..."`],
    ["", ":1:1: not JSON: the text ends too early"],
    ["[".repeat(100_000), "nested too deeply"],
  ])("%# of what is wrong is told with its place", (text, message) => {
    const path = file(text);
    const { code, out, err } = run("console.log('ran')", "--grants", path);
    expect([code, out]).toEqual([EXIT.usage.code, ""]);
    expect(err).toContain(message);
    expect(err).toContain("\n  try: ");
    expect(err.length).toBeLessThan(2_000);
  });

  test("that is missing, huge or no text is told", () => {
    expect(run("1", "--grants", join(folder, "nix.json")).err).toContain("no such file");
    expect(run("1", "--grants", folder).err).toContain("is a directory");
    writeFileSync(join(folder, "bad.json"), new Uint8Array([0xff, 0xfe]));
    expect(run("1", "--grants", join(folder, "bad.json")).err).toContain("not UTF-8");
    writeFileSync(join(folder, "big.json"), " ".repeat(2 * 1024 * 1024));
    expect(run("1", "--grants", join(folder, "big.json")).err).toContain("longer than");
  });

  test("a problem is shown without driving the terminal", () => {
    const { err } = run("1", "--grants", file('{"grants": {"\\u001b[2J": 5}}'));
    expect(err).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe("the schema of grants files", () => {
  const defs = SCHEMA["$defs"] as Readonly<Record<string, { properties?: object }>>;
  const grants = (SCHEMA["properties"] as { grants: { properties: object; additionalProperties: Schema } }).grants;

  test("has every kind that the command line has, and no other", () => {
    const kinds = Object.keys(KINDS);
    expect(Object.keys(defs).filter((name) => name !== "endpoints")).toEqual(kinds);
    const { properties, anyOf } = grants.additionalProperties as {
      properties: { kind: { enum: string[] } };
      anyOf: object[];
    };
    expect(properties.kind.enum).toEqual(kinds);
    expect(anyOf).toEqual(kinds.map((kind) => ({ $ref: `#/$defs/${kind}` })));
    // A name that is taken is never a kind's own.
    expect(Object.keys(grants.properties)).toEqual(kinds.filter((kind) => kind !== "args" && kind !== "console"));
  });

  test.each([
    "files=ro:d",
    "net=a:1,listen:b:2,udp:c:3,bind:d:4",
    "http=a:1",
    "kv=memory",
    "env=A",
    "clock",
    "argv=args",
    "o=console",
  ])("knows the fields of %s", (word) => {
    const { name, kind, fields } = parseWord(word);
    const text = JSON.stringify({ grants: { [name]: { kind, ...fields } } });
    expect(validate(parseJson(text), SCHEMA)).toEqual([]);
  });

  test("a keyword that nothing checks is our own mistake", () => {
    expect(() => validate(parseJson("{}"), { minProperties: 1 })).toThrow("nothing checks");
  });
});

describe("JSON with places", () => {
  const toPlain = (value: unknown): unknown => {
    if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, toPlain(v)]));
    return Array.isArray(value) ? value.map(toPlain) : value;
  };
  const asMaps = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(asMaps);
    if (typeof value !== "object" || value === null) return value;
    return new Map(Object.entries(value).map(([key, item]) => [key, asMaps(item)]));
  };

  property.prop([fc.json({ depthSize: "small" }), fc.constantFrom("", " ", "\t\r\n")])(
    "means what JSON.parse says",
    (text, blank) => {
      expect(toPlain(plainOf(parseJson(blank + text + blank)))).toEqual(asMaps(JSON.parse(text)));
    },
  );

  property.prop([fc.string({ unit: fc.constantFrom(...'{}[]",:0-1.eE+ tfn\\ual/'), maxLength: 12 })])(
    "takes no text that JSON.parse refuses, and refuses none that it takes but for keys that stand twice",
    (text) => {
      const outcome = (parse: (text: string) => unknown): unknown => {
        try {
          parse(text);
          return "taken";
        } catch (error) {
          return error instanceof JsonProblem && error.message.includes("twice") ? "twice" : "refused";
        }
      };
      const ours = outcome(parseJson);
      if (ours !== "twice") expect(ours).toBe(outcome(JSON.parse));
    },
  );
});

describe("cordon help grants", () => {
  test("shows every kind, and how it is written", () => {
    const { out, code } = cordon(["help", "grants"]);
    expect(code).toBe(0);
    for (const [name, { what }] of Object.entries(KINDS))
      expect(out).toContain(`--grant ${name}${what === "" ? "" : `=${what}`}`);
  });
});
