// One wrong policy for every code of types, imports and limits: the exact place, and what is said.
import { describe, expect, test } from "vitest";
import { FILES } from "../../policy-libs/index.ts";
import { CODES, type Diagnostic, render } from "../../policy-libs/policy/diagnostic.ts";
import { type Load, type LoadOptions, load } from "../../policy-libs/policy/load.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import { GRANTS, VOCABULARY } from "./examples.ts";

const IMPORTS = new Map([
  ["host.policy", "policy base over net.* { default abstain }\nbundle both { all of base }"],
  ["a.policy", 'import "b.policy" as b'],
  ["b.policy", 'import "a.policy" as a'],
]);
const said = (text: string, options: Partial<LoadOptions> = {}): readonly string[] =>
  diagnostics(text, options).map(render);
const diagnostics = (text: string, options: Partial<LoadOptions> = {}): readonly Diagnostic[] => {
  const loaded: Load = load(text, { file: "p", vocabulary: VOCABULARY, imports: IMPORTS, ...options });
  return loaded.kind === "wrong" ? loaded.diagnostics : loaded.warnings;
};
/** In a policy over everything, from the second line on. */
const within = (body: string): string => `policy p over *, vm.* { default abstain\n${body}\n}`;
const AT_2 = /^p:2:/;

// biome-ignore format: a table
const TYPES: readonly (readonly [code: string, body: string, expected: string])[] = [
  ["P101", "let a = host == \"x\" let a = 1", '21 P101 "a" is a let already. Give it another name.'],
  ["P101", "label a from net.send label a from net.send", '23 P101 "a" is a label already. Give it another name.'],
  ["P102", "let a = b let b = a deny net.send when a == 1", '19 P102 "a" is made of itself: a, b, a'],
  ["P102", "let a = b let b = a", '1 P102 "a" is made of itself: a, b, a'],
  ["P102", "let x = a let a = b let b = c let c = a", '11 P102 "a" is made of itself: a, b, c, a'],
  ["P102", "let a = a", '1 P102 "a" is made of itself: a, a'],
  ["P102", "let a = b let b = a + 1", '9 P102 "b" is made of itself: b, a, b'],
  ["P102", "let v = values host on net.send(host in v) max 3 deny net.send when host in v", '33 P102 "v" is made of itself: v, v'],
  ["P102", "label l from net.send(carries l) deny net.send when carries l", '23 P102 "l" is made of itself: l, l'],
  ["P104", "deny net.sned", '6 P104 unknown call "net.sned". Did you mean "net.send"?'],
  ["P104", "deny nett.*", '6 P104 no call matches "nett.*". Did you mean "net.*"?'],
  ["P104", "deny net.send when once files.raed", '25 P104 unknown call "files.raed". Did you mean "files.read"?'],
  ["P105", "deny net.send when carries secret", '20 P105 unknown label "secret"'],
  ["P105", "deny net.send when host in hosts", '20 P105 unknown set "hosts"'],
  ["P106", "let host = 1 deny net.send when host == \"a\"", '33 P106 "host" is both an argument here and a let. Give the let another name.'],
  ["P106", "let port = 1 deny net.send, files.read when port == 1", '45 P106 "port" is both an argument here and a let. Give the let another name.'],
  ["P107", "deny net.send when hots == \"a\"", '20 P107 "hots" is not an argument of net.send(host, port, size). Did you mean "host"?'],
  ["P107", "deny net.send, net.connect when size > 1", '33 P107 "size" is not an argument of net.connect(host, ip, port). Write "net.send" here, and say of net.connect(host, ip, port) what is meant there.'],
  ["P107", "deny net.send when count net.send by hots max 4 > 3", '20 P107 "hots" is not an argument of net.send(host, port, size). Did you mean "host"?'],
  ["P107", "deny net.send when count files.read by host max 4 > 3", '20 P107 "host" is not an argument of files.read(path)'],
  ["P107", "deny result mail.read when sbject == \"\"", '28 P107 "sbject" is not an argument of result mail.read(folder, text, from)'],
  ["P107", "deny mail.read when text == \"\"", '21 P107 "text" is not an argument of mail.read(folder)'],
  ["P108", "deny net.send when port == \"80\"", '28 P108 a text, where an integer is expected'],
  ["P108", "deny net.send when host == 80", '28 P108 an integer, where a host is expected'],
  ["P108", "deny net.send when host == port", '20 P108 a host is compared with an integer'],
  ["P108", "deny net.connect when ip == 10.0.0.0/8", '29 P108 10.0.0.0/8 is a block of addresses, where an address is expected. A block of addresses stands after "in": write in 10.0.0.0/8.'],
  ["P108", "deny db.query, payments.charge, tool.call, dns.resolve when name == \"a\"", '61 P108 "name" is a text in one call and a host in dns.resolve(name). Make a rule for each.'],
  ["P108", "deny tool.call, dns.resolve when name == \"a\"", '34 P108 "name" is a text in one call and a host in dns.resolve(name). Make a rule for each.'],
  ["P108", "let v = values name on tool.call max 3 deny net.send when host in v", '59 P108 "host" is a host, and "v" remembers a text'],
  ["P108", "suppress files.read", '1 P108 files.read gives a text. Say which: "suppress … giving VALUE".'],
  ["P108", "suppress telemetry.send giving 1", '32 P108 an integer, where true or false is expected'],
  ["P108", "suppress mail.read", '1 P108 what mail.read gives cannot be written here, so it cannot be suppressed. Deny it.'],
  ["P108", "let n = 1 deny files.read when path under n", '43 P108 "n" is an integer, where a path is expected'],
  ["P108", "let b = 10.0.0.0/8 deny files.read when path under b", '52 P108 "b" is an address, where a path is expected'],
  ["P108", "let t = \"1\" change http.get so timeout at most t", '48 P108 "t" is a text, where an integer is expected'],
  ["P111", "deny net.send when host ends with host", '35 P111 "host" is neither a literal nor a parameter, where a text is expected. What stands here must be known before any call.'],
  ["P111", "let n = 1 + 1 delay net.send to n per 1s", '33 P111 "n" is neither a literal nor a parameter, where an integer is expected. What stands here must be known before any call.'],
  ["P110", "let r = \"/a/\" deny files.read when path under r", '47 P110 a path is never under "/a/". Write "/a".'],
  ["P019", "let n = 0 delay net.send to n per 1s", '29 P019 "n" is 0, and must be at least 1'],
  ["P405", "let n = 4097 let seen = values host on net.send max n deny net.send when host in seen", '53 P405 "n" is 4097, more than the limit of 4096'],
  ["P405", "let n = 4097 deny net.send when count net.send by host max n > 1", '60 P405 "n" is 4097, more than the limit of 4096'],
  ["P408", "let n = 65536 deny net.send when level net.send minus net.connect max n > 1", '71 P408 "n" is 65536, more than the limit of 65535'],
  ["P109", "deny net.send when host under \"/a\"", '20 P109 "under" needs a path, and "host" is a host'],
  ["P109", "deny net.send when port starts with \"8\"", '20 P109 "starts with" needs a text, a path or a host, and "port" is an integer'],
  ["P109", "deny net.send when host in [10.0.0.0/8]", '20 P109 10.0.0.0/8 is a block of addresses, and "host" is a host'],
  ["P109", "deny net.send when host < \"b\"", '20 P109 "<" needs integers, and this is a host'],
  ["P109", "deny net.send when port + host > 1", '27 P109 a host, and "+" adds integers'],
  ["P109", "deny net.send when length(port) > 1", '20 P109 "port" is an integer, which has no length'],
  ["P109", "deny files.read when sum path on files.read > 1", '22 P109 "path" is a path, and only integers have a sum'],
  ["P110", "deny files.read when path == \"/a/\"", '30 P110 "/a/" is never a path as policies see it: a path begins with "/", and has no ".", "..", "//" or "/" at its end. Write "/a".'],
  ["P110", "deny files.read when path under \"secrets\"", '22 P110 a path is never under "secrets". Write "/secrets".'],
  ["P110", "deny files.read when path starts with \"secrets\"", '22 P110 a path never starts with "secrets". A path begins with "/".'],
  ["P110", "deny net.send when host == \"A.example\"", '28 P110 "A.example" is never a host as policies see it: a host has small ASCII letters and no dot at its end. Write "a.example".'],
  ["P110", "deny net.send when host in [\"a.example\", \"bücher.example\"]", '42 P110 "bücher.example" is never a host as policies see it: a host has small ASCII letters and no dot at its end. Write "xn--bcher-kva.example".'],
  ["P110", "deny net.send when host ends with \".COM\"", '20 P110 a host never ends with ".COM". Hosts have small letters: write ".com".'],
  ["P110", "deny net.connect when ip == \"::ffff:10.0.0.1\"", '29 P110 "::ffff:10.0.0.1" is never an address as policies see it: an address has one spelling. Write "10.0.0.1".'],
  ["P111", "deny net.send when host", '20 P111 "host" is a host, where a condition is expected. Compare it with something.'],
  ["P111", "let v = values host on net.send max 3 deny net.send when v == 1", '58 P111 "v" is a set of remembered values, where a value is expected. Sets stand after "in".'],
  ["P111", "let c = once net.send deny net.send when c == 1", '42 P111 "c" is a condition, where a value is expected'],
  ["P111", "let c = once net.send deny net.send when host in c", '42 P111 "c" is no set. A set is a "set", a list, or values that are remembered.'],
  ["P112", "deny net.send when sum size on net.send within 1d > 9", '20 P112 this sum needs "in N steps": without it, it must remember every event of the window. Write "in 24 steps" after the time.'],
  ["P113", "deny net.send when count net.send within 1s > 65", '20 P113 this count must remember the time of every event in the window. Compare it with a number of at most 64, or write "in N steps" after the time.'],
  ["P113", "deny net.send when count net.send within 1s + 1 > 3", '20 P113 this count must remember the time of every event in the window. Compare it with a number of at most 64, or write "in N steps" after the time.'],
  ["P113", "deny net.send when count net.send within 1s > port", '20 P113 this count must remember the time of every event in the window. Compare it with a number of at most 64, or write "in N steps" after the time.'],
  ["P114", "change net.send so host at most 3", '20 P114 "at most" needs an integer, and "host" is a host'],
  ["P114", "change files.write so path first 3", '23 P114 "first" needs a text or bytes, and "path" is a path'],
  ["P114", "change tool.call so name masks \"card-numbr\"", '21 P114 unknown mask "card-numbr". Did you mean "card-number"?'],
  ["P114", "change web.fetch so host becomes \"a\"", '21 P114 "host" is a part of another argument. Change that one.'],
  ["P115", "deny net.send when once files.read(host == \"a\")", '36 P115 inside once(…) "host" is the past event\'s. To compare with the present call, use "values" or "by".'],
  ["P115", "deny net.send when once net.send(host == host)", '34 P115 inside once(…) "host" is the past event\'s. To compare with the present call, use "values" or "by".'],
  ["P116", "allow result net.send", '7 P116 a result is not for "allow": the call has happened. Write "allow net.send".'],
  ["P116", "deny refused net.send", '6 P116 what has happened ("refused") cannot be the subject of a rule. Write "deny net.send".'],
  ["P117", "deny result mail.read", '6 P117 this withholds the result; the call itself has happened. To keep it from happening, write "deny mail.read".'],
  ["P118", "allow vm.divide", '1 P118 instructions are not for "allow". There are "deny", "halt" and "suppress … giving".'],
  ["P118", "suppress vm.divide when divisor == 0", '1 P118 an instruction that is left out gives an integer. Write "giving 0", or another integer.'],
  ["P118", "deny vm.divide when once files.read", '26 P118 no instruction can be decided by this. Instructions are decided by their own integers, and by bits and counts of instructions.'],
  ["P118", "deny vm.divide when count vm.divide per tenant > 3", '21 P118 no instruction can be decided by this. Instructions are decided by their own integers, and by bits and counts of instructions.'],
  ["P118", "deny net.send when once vm.divide", '25 P118 calls do not depend on instructions, which reach no gate'],
  ["P118", "deny vm.divide, net.send", '1 P118 a rule about instructions and calls at once. Make a rule for each.'],
  ["P118", "deny result vm.divide", '6 P118 an instruction has no result'],
];

test("what some calls of a wildcard lack is said with how the others are written, and that loads", () => {
  const { vocabulary } = vocabularyOf(new Map([["files", FILES]]));
  const load = (ops: string): readonly string[] =>
    said(`policy p over files.* { default deny deny ${ops} when path like "**.key" }`, { vocabulary });
  const [first, ...others] = load("files.*");
  const written = /Write "([^"]*)" here, and say of (.*) what is meant there\.$/.exec(first ?? "");
  expect([others, written?.[2]]).toEqual([[], "files.rename(from, to) and files.copy(from, to)"]);
  expect(written?.[1]).toMatch(/^files\.read\*, .*files\.write\*/);
  expect(load(written?.[1] ?? "")).toEqual([]);
});

describe("types", () => {
  test.each(TYPES)("%s: %s", (_code, body, expected) => {
    const all = said(within(body));
    expect(all.join("\n")).toContain(`p:2:${expected}`);
    expect(all.filter((line) => !AT_2.test(line))).toEqual([]);
  });

  // biome-ignore format: a table
  const IN_FILES: readonly (readonly [code: string, text: string, expected: string])[] = [
    ["P101", "set a = []\npolicy a { default deny }", 'p:2:1 P101 "a" is the name of a set already. Give it another name.'],
    ["P101", "set a = []\npolicy p(a: int = 3) { default deny }", 'p:2:10 P101 "a" is a set already. Give it another name.'],
    ["P102", "policy p { default deny }\nbundle a { all of p, b }\nbundle b { any of a }", "p:3:19 P102 bundle a is made of itself"],
    ["P103", "policy p(a: hots = \"x\") { default deny }", 'p:1:10 P103 unknown type "hots". Did you mean "host"?'],
    ["P105", "policy sealed { default deny }\nbundle b { all of seeled }", 'p:2:19 P105 unknown policy "seeled". Did you mean "sealed"?'],
    ["P105", "bundle b { all of hosts.base }", 'p:1:19 P105 nothing is imported as "hosts"'],
    ["P108", "policy p(a: int = \"x\") { default deny }", "p:1:19 P108 a text, where an integer is expected"],
    ["P110", "policy p(a: path = \"x/\") { default deny }", 'p:1:20 P110 "x/" is never a path as policies see it: a path begins with "/", and has no ".", "..", "//" or "/" at its end. Write "/x".'],
    ["P119", "policy p over net.* { default abstain\ndeny files.read }", 'p:2:6 P119 this policy is not over files.read, so this does nothing. Add it after "over".'],
    ["P120", "policy p(n: int = 3) { default deny }\nbundle b { all of p(m: 1) }", 'p:2:21 P120 "m" is not a parameter of p. It has n.'],
    ["P120", "policy p(n: int) { default deny }\nbundle b { all of p }", 'p:2:19 P120 p needs "n". Write p(n: …).'],
    ["P120", "policy p(n: int) { default deny }\nbundle b { all of p(n: 1, n: 2) }", 'p:2:27 P120 "n" is given twice'],
    ["P120", "policy p(n: int = 3) { default deny }\nbundle b { all of p(n: [1]) }", 'p:2:21 P120 "n" is one value'],
    ["P108", "policy p(n: int = 3) { default deny }\nbundle b { all of p(n: \"1\") }", "p:2:24 P108 a text, where an integer is expected"],
    ["P120", "bundle a { all of b() }\nbundle b { }", "p:1:21 P010"],
    ["P120", "bundle a { all of b(n: 1) }\nbundle b { }", "p:1:19 P120 b is a bundle, which has no parameters"],
    ["P121", "import \"host.policy\" as h\npolicy p { default deny }\nbundle b { any of p, h.base }", 'p:3:22 P121 "any of" in bundle b joins policies of several parties: p, host.policy. Policies of different parties are joined by "all of".'],
    ["P121", "import \"host.policy\" as h\npolicy p { default deny }\nbundle c { all of p, h.base }\nbundle b { any of c }", 'p:4:19 P121 "any of" in bundle b joins policies of several parties: p, host.policy. Policies of different parties are joined by "all of".'],
    ["P122", "policy p { default deny }\ntest \"t\" for p {\nnet.send(\"a\", 1) is denied }", 'p:3:1 P122 "size" is missing: an integer. Write net.send(host, port, size).'],
    ["P122", "policy p { default deny }\ntest \"t\" for p {\nwindow.open(1) is denied }", "p:3:1 P122 1 values for window.open()"],
    ["P108", "policy p { default deny }\ntest \"t\" for p {\nnet.send(\"a\", \"b\", 1) is denied }", "p:3:15 P108 a text, where an integer is expected"],
    ["P104", "policy p { default deny }\ntest \"t\" for p {\nnet.sent() is denied }", 'p:3:1 P104 unknown call "net.sent". Did you mean "net.send"?'],
    ["P104", "policy p { default deny }\nprove p never net.sent", 'p:2:15 P104 unknown call "net.sent". Did you mean "net.send"?'],
    ["P107", "policy p { default deny }\nprove p never net.send when hots == \"a\"", 'p:2:29 P107 "hots" is not an argument of net.send(host, port, size). Did you mean "host"?'],
    ["P123", "policy p(n: int) { default deny }", 'p:1:1 P123 policy p is not enforced: it needs "n". Give it arguments in a bundle, or when the file is loaded.'],
  ];
  test.each(IN_FILES)("%s: %s", (_code, text, expected) => {
    expect(
      said(text).some((line) => line.startsWith(expected)),
      said(text).join("\n"),
    ).toBe(true);
  });

  test("two contracts of one name are said before any file is read", () => {
    const { conflicts } = vocabularyOf(new Map([...GRANTS, ["vm", GRANTS.get("net") as never]]));
    expect(conflicts.map(({ code }) => code)).toEqual(["P124"]);
  });
});

describe("imports", () => {
  // biome-ignore format: a table
  const CASES: readonly (readonly [code: string, text: string, expected: string])[] = [
    ["P301", 'import "hosts.policy" as h', 'p:1:1 P301 there is no "hosts.policy" to import. Did you mean "host.policy"?'],
    ["P301", '\n  import "constructor" as h', 'p:2:3 P301 there is no "constructor" to import. The embedder hands in what can be imported, by name.'],
    ["P302", 'import "a.policy" as a', "b.policy:1:1 P302 files import each other: a.policy, b.policy, a.policy"],
    ["P303", 'import "host.policy" as h pinned "sha256:0000"', 'p:1:1 P303 "host.policy" is not the pinned text: its digest is sha256:'],
    ["P304", 'import "host.policy" as h pinned "sha1:0000"', 'p:1:1 P304 "sha1:0000" is no digest. Write at least four digits of "sha256:'],
    ["P304", 'import "host.policy" as h pinned "sha256:f3a"', 'p:1:1 P304 "sha256:f3a" is no digest.'],
  ];
  test.each(CASES)("%s: %s", (_code, text, expected) => {
    expect(said(text).filter((line) => line.startsWith(expected))).toHaveLength(1);
  });

  test("a file that imports itself is a circle, whatever it is called", () => {
    const text = 'import "p" as again';
    expect(said(text, { imports: new Map([["p", text]]) })).toEqual(["p:1:1 P302 files import each other: p, p"]);
  });

  test("what is wrong in an imported file is said of that file, after the main one's", () => {
    const imports = new Map([
      ["lib", "policy l { default deny\nallow net.sned }"],
      ["broken", "policy {"],
    ]);
    expect(
      said('import "lib" as l\nimport "broken" as b\npolicy q { default deny allow files.raed }', { imports }),
    ).toEqual([
      'p:3:31 P104 unknown call "files.raed". Did you mean "files.read"?',
      'lib:2:7 P104 unknown call "net.sned". Did you mean "net.send"?',
      expect.stringMatching(/^broken:1:8 P0/),
    ]);
  });
});

describe("limits", () => {
  const chain = (length: number) =>
    new Map(
      Array.from({ length }, (_, at) => [`f${at}`, at + 1 < length ? `import "f${at + 1}" as next` : "set last = []"]),
    );
  test("imports are 8 files deep at most", () => {
    expect(said('import "f0" as f', { imports: chain(8) })).toEqual([]);
    expect(said('import "f0" as f', { imports: chain(9) })).toEqual(["f7:1:1 P407 imports deeper than 8 files"]);
  });

  test("a policy remembers 16 KiB at most", () => {
    // Of 64 bits a value, and one for what is left out: 2,047 values are 131,009 bits, and 8 · 16,384 are 131,072.
    const remembers = (most: number) =>
      within(`let v = values name on tool.call max ${most} deny tool.call when name in v`);
    expect(said(remembers(2047))).toEqual([]);
    expect(said(remembers(2048))).toEqual([
      'p:1:1 P406 p remembers about 16385 bytes for each domain, and 16384 are the most. Make "max" or "steps" smaller.',
    ]);
  });

  test("so does a bundle of policies that are smaller, but not one of policies that remember the same", () => {
    const one = (name: string, call: string) =>
      `policy ${name} over * { default abstain let v = values path on files.${call} max 1500 deny files.read when path in v }\n`;
    expect(said(`${one("a", "read")}${one("b", "read")}bundle all_of { all of a, b }`)).toEqual([]);
    expect(
      said(`${one("a", "read")}${one("b", "write")}bundle c { all of a, b }`).map((line) => line.slice(0, 10)),
    ).toEqual(["p:3:1 P406"]);
  });

  test("what is joined has 2,048 rules at most, also where bundles of bundles double", () => {
    const policy = `policy p over net.send { default abstain\n${"deny net.send\n".repeat(1024)}}\n`;
    const other = (name: string) => `policy ${name} over net.send { default abstain\n deny net.send }\n`;
    expect(said(`${policy}bundle a { any of p } bundle b { any of p } bundle c { all of a, b }`)).toEqual([]);
    const one = `bundle c { all of a, b, q }`;
    expect(said(`${policy}${other("q")}bundle a { any of p } bundle b { any of p }\n${one}`)).toEqual([
      `p:${1024 + 2 + 2 + 2}:1 P402 c joins more than 2048 rules`,
    ]);
    const doubling = Array.from({ length: 15 }, (_, n) => `bundle b${n + 1} { any of b${n}, p any of b${n}, q }`);
    const all = said(`${other("p")}${other("q")}bundle b0 { all of p }\n${doubling.join("\n")}`);
    expect(all.length).toBeGreaterThan(0);
    for (const line of all) expect(line).toMatch(/ P402 /);
  });

  test("bundles are inside of bundles 16 levels deep at most", () => {
    const nested = (depth: number) =>
      `policy p { default deny }\n${Array.from({ length: depth }, (_, n) => `bundle b${n} { all of ${n + 1 < depth ? `b${n + 1}` : "p"} }`).join("\n")}`;
    expect(said(nested(16))).toEqual([]);
    expect(said(nested(17))[0]).toMatch(/^p:17:21 P403 bundles inside of bundles deeper than 16 levels/);
    expect(said(nested(9000))[0]).toMatch(/ P403 /);
  });

  test("lets are inside of lets 16 levels deep at most, also by way of sets and labels", () => {
    const lets = (depth: number, link: (n: number) => string, last: string) =>
      within(`${Array.from({ length: depth }, (_, n) => link(n)).join("\n")}\n${last}`);
    const plain = (depth: number) =>
      lets(depth, (n) => `let a${n} = ${n + 1 < depth ? `a${n + 1}` : "1"}`, "deny net.send when a0 == 1");
    expect(said(plain(16))).toEqual([]);
    expect(said(plain(17))).toEqual(['p:17:11 P403 "let" inside of "let" deeper than 16 levels']);
    const sets = (depth: number) =>
      lets(
        depth,
        (n) => `let a${n} = values host on net.send${n + 1 < depth ? `(host in a${n + 1})` : ""} max 2`,
        "deny net.send when host in a0",
      );
    expect(said(sets(16)).filter((line) => line.includes("P403"))).toEqual([]);
    expect(said(sets(3000)).join()).toMatch(/P403/);
    const labels = lets(
      3000,
      (n) => `label a${n} from net.send(carries a${n + 1})`,
      "label a3000 from net.send deny net.send when carries a0",
    );
    expect(said(labels).join()).toMatch(/P403/);
  });

  test("lets that double at every step are too large before they are built", () => {
    const doubling = (steps: number) =>
      within(
        `let a0 = once net.send\n${Array.from({ length: steps }, (_, n) => `let a${n + 1} = a${n} and a${n} or a${n} and a${n}`).join("\n")}\ndeny net.send when a${steps}`,
      );
    expect(said(doubling(7))).toEqual([]);
    const [first] = said(doubling(14));
    expect(first).toMatch(/P409 more than 262144 conditions, with every "let" put in where it is named/);
  });
});

test("every code of types and imports has its wrong policy here", () => {
  const named = new Set(TYPES.map(([code]) => code));
  for (const code of ["P101", "P103", "P119", "P120", "P121", "P122", "P123", "P124"]) named.add(code);
  const all = Object.keys(CODES).filter((code) => code.startsWith("P1"));
  expect(all.filter((code) => !named.has(code))).toEqual([]);
});

test("all that is wrong in a file is said, in its order", () => {
  const text = `policy p over net.*, files.* { default abstain
    deny net.send when hots == "a" and port == "x" or once files.raed
    deny files.read when path under "a/" unless carries x
    change net.send so port first 3
  }`;
  expect(diagnostics(text).map(({ code, line, column }) => `${line}:${column} ${code}`)).toEqual([
    "2:24 P107",
    "2:48 P108",
    "2:60 P104",
    "3:26 P110",
    "3:49 P105",
    "4:24 P114",
  ]);
});
