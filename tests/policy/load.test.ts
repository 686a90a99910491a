// What a file comes to: instances, names put in, tests and claims, and what is enforced.
import { describe, expect, test } from "vitest";
import { sha256 } from "../../policy-libs/attenuate/digest.ts";
import { arg, bytes, integer, record, string } from "../../policy-libs/index.ts";
import { boundOf } from "../../policy-libs/policy/bound.ts";
import { render } from "../../policy-libs/policy/diagnostic.ts";
import { type Loaded, type LoadOptions, load, loadTree } from "../../policy-libs/policy/load.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import { parse } from "../../policy-libs/policy/parse.ts";
import type { Joined, RPolicy } from "../../policy-libs/policy/resolved.ts";
import { runTests, type TestStep } from "../../policy-libs/policy/suite.ts";
import { AROUND, EXAMPLES, made, VOCABULARY } from "./examples.ts";

const loaded = (text: string, options: Partial<LoadOptions> = {}): Loaded => {
  const result = load(text, { file: "p", vocabulary: VOCABULARY, ...options });
  if (result.kind === "wrong") throw new Error(result.diagnostics.map(render).join("\n"));
  return result;
};
const wrong = (text: string, options: Partial<LoadOptions> = {}): readonly string[] => {
  const result = load(text, { file: "p", vocabulary: VOCABULARY, ...options });
  return result.kind === "wrong" ? result.diagnostics.map(render) : [];
};
const policiesIn = (joined: Joined | undefined): readonly RPolicy[] => {
  if (joined === undefined) return [];
  return joined.kind === "policy" ? [joined] : joined.of.flatMap(policiesIn);
};
/** Without places, and operations by their names. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner) => {
      if (key === "at" || key === "because") return undefined;
      if (key === "ops") return inner.map(({ name }: { readonly name: string }) => name);
      if (key === "argument") return inner.name;
      return typeof inner === "bigint" ? `${inner}` : inner;
    }),
  );
const names = (joined: Joined): unknown =>
  joined.kind === "policy" ? joined.name : { [joined.kind]: joined.of.map(names) };

describe("the examples of the document", () => {
  test("all fifteen load, without a warning but for the one that needs an argument", () => {
    const { policies, warnings, entry } = loaded(EXAMPLES);
    expect(policies.size).toBe(15);
    expect(warnings.map(({ code }) => code)).toEqual(["P123"]);
    expect(policiesIn(entry)).toHaveLength(14);
  });

  test("what stands around them loads with them", () => {
    const base = "policy base over net.* { default abstain }";
    const text = `${EXAMPLES}${AROUND.replace("PIN", sha256(new TextEncoder().encode(base)).slice(0, 4))}`;
    const { bundles, entry, tests, proves } = loaded(text, { imports: new Map([["host.policy", base]]) });
    expect(names(bundles.get("acme") as Joined)).toEqual({
      all: ["base", 'own_rows(tenant: "acme")', "few_windows(n: 5)", { any: ["editor_files", "only_resolved"] }],
    });
    expect(entry).toBe(bundles.get("acme"));
    expect(policiesIn(entry).map(({ party }) => party)).toEqual(["host.policy", "p", "p", "p", "p"]);
    expect(tests.map(({ name, steps }) => [name, steps.length])).toEqual([["send after read", 3]]);
    expect(runTests(tests)).toEqual([]);
    expect(proves.map(({ claim }) => claim.kind)).toEqual(["never", "narrower than"]);
    expect(proves.map(({ of }) => names(of))).toEqual(["no_send_after_read", "few_windows(n: 2)"]);
  });

  test("what they remember is what the document measured", () => {
    const bits = new Map(
      policiesIn(loaded(EXAMPLES).entry).map((each) => [each.name, boundOf(each).get("domain") ?? 0]),
    );
    // Eight of them, in two values of a bit: a path that leaves its root is unknown, so the ninth example keeps both ends.
    expect([...bits].filter(([name, each]) => each <= (name === "secrets_stay" ? 2 : 1))).toHaveLength(8);
    expect(bits.get("few_windows")).toBe(16);
    // Five times and a key for each of 64 hosts, and the delay's time: 1.8 KB.
    expect(bits.get("polite_client")).toBe(64 * (5 * 32 + 64) + 1 + 32);
    expect(Math.max(...bits.values())).toBe(bits.get("polite_client"));
  });
});

describe("parameters", () => {
  const text =
    "policy p(n: int = 3, who: text) { default abstain deny tool.call when name == who and count tool.call > n }";
  const numbers = (joined: Joined | undefined): unknown =>
    plain(policiesIn(joined).map(({ name, rules }) => [name, rules[0]?.when]));

  test("a policy is instantiated with values", () => {
    const template = loaded(text).policies.get("p");
    expect(template?.parameters.map(({ name }) => name)).toEqual(["n", "who"]);
    const instance = template?.instantiate(new Map([["who", "me"]]));
    if (instance?.kind !== "instance") throw new Error("no instance");
    expect(instance.policy.name).toBe('p(who: "me")');
    expect(numbers(instance.policy)).toMatchObject([
      ['p(who: "me")', { of: [{ right: { value: "me" } }, { right: { value: 3 } }] }],
    ]);
  });

  test("values that do not fit make no instance", () => {
    const template = loaded(text).policies.get("p");
    const said = (values: readonly (readonly [string, never])[]) => {
      const instance = template?.instantiate(new Map(values));
      return instance?.kind === "wrong" ? instance.diagnostics.map(render) : undefined;
    };
    expect(said([])).toEqual(["p:1:1 P120 p needs who"]);
    expect(said([["who", 3 as never]])).toContain("p:1:22 P108 an integer, where a text is expected");
    expect(
      said([
        ["who", "x" as never],
        ["n", -1 as never],
      ]),
    ).toContain("p:1:10 P120 what is given for this parameter is no integer, text or truth value");
    expect(
      said([
        ["who", "x" as never],
        ["m", 1 as never],
      ]),
    ).toContain('p:1:1 P120 no policy has a parameter "m". There are n, p.n, who, p.who.');
    expect(said([["who", {} as never]])?.length).toBeGreaterThan(0);
    expect(said([["who", ["x"] as never]])?.length).toBeGreaterThan(0);
  });

  test("a value that breaks a rule of the text is found when it is given", () => {
    const counting = "policy p(n: int = 3) { default abstain deny net.send when count net.send within 1s > n }";
    expect(
      loaded(counting)
        .policies.get("p")
        ?.instantiate(new Map([["n", 64]])).kind,
    ).toBe("instance");
    expect(
      loaded(counting)
        .policies.get("p")
        ?.instantiate(new Map([["n", 65]])).kind,
    ).toBe("wrong");
    expect(wrong(`${counting}\nbundle b { all of p(n: 65) }`)[0]).toMatch(/^p:1:59 P113/);
  });

  test("what is given when the file is loaded is for what is enforced, and not for tests", () => {
    const file = `policy few(n: int = 3) over net.send { default abstain deny net.send when count net.send > n }
      test "t" for few { net.send("a", 1, 1) is allowed }`;
    const { entry, tests } = loaded(file, { parameters: new Map([["n", 7]]) });
    expect(entry && names(entry)).toEqual({ all: ["few(n: 7)"] });
    expect(tests.map((each) => names(each.policy))).toEqual(["few"]);
    expect(loaded(file, { parameters: new Map([["few.n", 8]]) }).entry).toMatchObject({ of: [{ name: "few(n: 8)" }] });
    expect(wrong(file, { parameters: new Map([["m", 8]]) })).toEqual([
      'p:1:1 P120 no policy has a parameter "m". There are n, few.n.',
    ]);
  });

  test("a bundle's own arguments stay, and the others are given", () => {
    const file = `${text} bundle b { all of p(n: 5) }`;
    expect(wrong(file)).toEqual(['p:1:127 P120 p needs "who". Write p(who: …).']);
    const { entry } = loaded(file, {
      parameters: new Map<string, string | number>([
        ["n", 9],
        ["who", "me"],
      ]),
    });
    expect(entry && names(entry)).toEqual({ all: ['p(n: 5, who: "me")'] });
  });

  const chroot = 'policy p(root: path = "/srv") { default deny let base = root allow files.read when path under base }';

  test("a text test takes a parameter, and a value that it could not take is found when it is given", () => {
    const given = (root: string) => {
      const made = loaded(chroot)
        .policies.get("p")
        ?.instantiate(new Map([["root", root]]));
      return made?.kind === "wrong" ? made.diagnostics.map(render) : plain(made?.policy.rules[0]?.when);
    };
    const under = (text: string) => ({ kind: "text", test: "under", argument: "path", text });
    expect(plain(policiesIn(loaded(chroot).entry)[0]?.rules[0]?.when)).toEqual(under("/srv"));
    expect(given("/a/b")).toEqual(under("/a/b"));
    expect(given("/a/")).toEqual([expect.stringContaining("P110")]);
    const suffix = "policy p(end: text) { default deny allow net.send when host ends with end }";
    expect(wrong(`${suffix} bundle b { all of p(end: ".Example") }`)).toEqual([
      'p:1:71 P110 a host never ends with ".Example". Hosts have small letters: write ".example".',
    ]);
    expect(wrong("policy p(root: host) { default deny allow files.read when path under root }")).toContain(
      'p:1:70 P108 "root" is a host, where a path is expected',
    );
    expect(wrong('policy p(root: path = ["/a"]) { default deny allow files.read when path under root }')).toEqual([
      'p:1:79 P111 "root" is a list, where one value is expected. Lists stand after "in".',
    ]);
  });

  test("amounts are parameters, too, within the limits of what could be written", () => {
    const text = `policy p(n: int = 3) { default abstain
      let seen = values host on net.send max n
      deny net.send when host in seen or count net.send by host max n > 1 or level net.send minus net.connect max n > 1
      delay net.connect to n per 1m
      change http.get so timeout at most n
      change result mail.read so text first n }`;
    const given = (n: number) => {
      const made = loaded(text)
        .policies.get("p")
        ?.instantiate(new Map([["n", n]]));
      return made?.kind === "wrong" ? made.diagnostics.map(render) : JSON.stringify(plain(made?.policy.rules));
    };
    for (const part of ['"max":7', '"to":7', '"most":7', '"length":7']) expect(given(7)).toContain(part);
    expect(String(given(7)).match(/"max":7/g)).toHaveLength(3);
    expect(given(0)).toContain('p:2:46 P019 "n" is 0, and must be at least 1');
    expect(given(5000)).toContain('p:2:46 P405 "n" is 5000, more than the limit of 4096');
    expect(String(given(4000))).toContain("P406");
  });

  test("a parameter of addresses takes blocks", () => {
    const inner = "policy p(inner: ip = [10.0.0.0/8]) { default abstain deny net.connect when ip in inner }";
    const instance = loaded(inner)
      .policies.get("p")
      ?.instantiate(new Map([["inner", ["192.168.0.0/16", "::1"]]]));
    expect(instance?.kind === "instance" && plain(instance.policy.rules[0]?.when)).toMatchObject({
      blocks: [{ text: "192.168.0.0/16" }, { text: "::1/128" }],
    });
    expect(
      loaded(inner)
        .policies.get("p")
        ?.instantiate(new Map([["inner", ["10.0.0.1/8"]]])).kind,
    ).toBe("wrong");
  });
});

describe("what is enforced", () => {
  const two = "policy a over net.* { default abstain } policy b over files.* { default abstain }";
  test("the one bundle, else all policies that need no argument", () => {
    expect(names(loaded(two).entry as Joined)).toEqual({ all: ["a", "b"] });
    expect(names(loaded(`${two} bundle c { all of b }`).entry as Joined)).toEqual({ all: ["b"] });
    expect(names(loaded(`${two} bundle c { all of b } bundle d { all of a }`).entry as Joined)).toEqual({
      all: ["a", "b"],
    });
  });

  test("nothing, if every policy needs one, or there is none", () => {
    expect(loaded("policy a(n: int) { default deny }").entry).toBeUndefined();
    expect(loaded("set s = []").entry).toBeUndefined();
  });

  test("a party is the file's name, or what it is said to be, and of what is imported its name", () => {
    const imports = new Map([["lib", "policy l over net.* { default abstain }"]]);
    const file = 'import "lib" as l policy a over net.* { default abstain } bundle b { all of a, l.l }';
    expect(policiesIn(loaded(file, { imports, party: "tenant" }).entry).map(({ party }) => party)).toEqual([
      "tenant",
      "lib",
    ]);
  });

  test("a bundle can be imported, and one policy met twice is one", () => {
    const imports = new Map([["lib", "policy l over net.* { default abstain } bundle both { all of l }"]]);
    const file = 'import "lib" as l import "lib" as again bundle b { all of l.both, again.l, l.l }';
    const { entry } = loaded(file, { imports });
    expect(entry && names(entry)).toEqual({ all: [{ all: ["l"] }, "l"] });
    expect(new Set(policiesIn(entry)).size).toBe(1);
  });

  test("names of objects are names like others", () => {
    const file =
      'import "__proto__" as constructor policy __proto__ over net.* { default abstain } bundle b { all of __proto__, constructor.toString }';
    const imports = new Map([["__proto__", "policy toString over net.* { default abstain }"]]);
    expect(names(loaded(file, { imports }).entry as Joined)).toEqual({ all: ["__proto__", "toString"] });
  });
});

describe("tests of a file", () => {
  const steps = (text: string): readonly TestStep[] =>
    loaded(`policy p { default abstain } test "t" for p { ${text} }`).tests[0]?.steps ?? [];
  const data = (text: string): readonly unknown[] =>
    steps(text).map((step) => (step.kind === "wait" ? step.time : Object.fromEntries(step.event.data)));

  test("values are data by the names of a contract, as a guest would have written them", () => {
    expect(data('files.read("/a//b/../c") is denied')).toEqual([{ path: "/a/c" }]);
    expect(data('files.read("../a") is denied')).toEqual([{}]);
    expect(data('net.connect("A.example.", "::ffff:10.0.0.1", 80) is denied wait 3s')).toEqual([
      { host: "a.example", ip: "10.0.0.1", port: 80 },
      3000,
    ]);
    expect(data('web.fetch("http://A.example/x/") is allowed')).toEqual(
      [{ url: "http://a.example/x/", scheme: "http", host: "a.example", port: 80, path: "/x" }].map((parts) => ({
        ...parts,
        "url.scheme": "http",
        "url.host": "a.example",
        "url.port": 80,
        "url.path": "/x",
      })),
    );
  });

  test("a result has what it gives, and the arguments of the latest call", () => {
    expect(
      data('mail.read("in") is allowed mail.read("out") is allowed result mail.read("hello", "me") is changed').slice?.(
        2,
      ),
    ).toEqual([expect.objectContaining({ folder: "out", text: "hello", from: "me" })]);
    expect(data('result mail.read("hello", "me") is allowed')).toEqual([
      { text: "hello", "text.size": 5, from: "me", "from.size": 2 },
    ]);
  });

  test("fields of a record are given one after the other, and what may be left out is", () => {
    const vocabulary = vocabularyOf(
      new Map([
        [
          "it",
          made("it", {
            go: { takes: [arg("to", record({ host: string({ is: "host" }), port: integer() })), arg("data", bytes())] },
          }),
        ],
      ]),
    ).vocabulary;
    const { tests } = loaded('policy p { default abstain } test "t" for p { it.go("A.b", 1, "é") is allowed }', {
      vocabulary,
    });
    const [step] = tests[0]?.steps ?? [];
    expect(step?.kind === "event" && Object.fromEntries(step.event.data)).toEqual({
      ...{ host: "a.b", "to.host": "a.b", port: 1, "to.port": 1 },
      ...{ data: 2, "data.size": 2, size: 2 },
    });
    expect(data('http.get("a.example") is allowed')).toEqual([{ host: "a.example" }]);
  });
});

test("a tree without places loads as well", () => {
  const parsed = parse("policy p over net.* { default abstain deny net.sned }", "p");
  const tree =
    "file" in parsed
      ? JSON.parse(JSON.stringify(parsed.file, (key, value) => (key === "at" ? undefined : value)))
      : { items: [] };
  const result = loadTree(tree, { file: "built", vocabulary: VOCABULARY });
  expect(result.kind === "wrong" && result.diagnostics.map(render)).toEqual([
    'built:1:1 P104 unknown call "net.sned". Did you mean "net.send"?',
  ]);
});

test("a file that does not load gives no policy at all", () => {
  const result = load("policy a { default abstain } policy b { default abstain deny net.sned }", {
    file: "p",
    vocabulary: VOCABULARY,
  });
  expect(Object.keys(result)).toEqual(["kind", "diagnostics"]);
});
