// The samples about policies do what their READMEs say.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Contract } from "../../kernel/index.ts";
import { CLOCK, contractFrom, FILES } from "../../policy-libs/index.ts";
import { prove } from "../../policy-libs/policy/analysis/index.ts";
import { render } from "../../policy-libs/policy/diagnostic.ts";
import { format } from "../../policy-libs/policy/format.ts";
import { load as loadPolicy } from "../../policy-libs/policy/load.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import { runTests, showFailure } from "../../policy-libs/policy/suite.ts";
import type { Vocabulary } from "../../policy-libs/policy/vocabulary.ts";
import { cordon, ROOT } from "../cli/command.ts";

// Samples are a project of their own: they see the package, not its sources. So they are loaded, not imported.
const load = async <T>(...path: string[]): Promise<T> => (await import(join(ROOT, "samples", ...path))) as T;

describe("sample 12, policies", () => {
  test("nothing is sent after a file was read, and no fourth window is ever open", async () => {
    const { policies } = await load<{ policies: () => Promise<object> }>("12-policies/policies.ts");
    expect(await policies()).toEqual({
      told: [
        "send a greeting: done",
        "read the diary: done",
        "send the diary: E_DENIED, this program has read a file",
        "open window 1: done",
        "open window 2: done",
        "open window 3: done",
        "open window 4: E_DENIED, too many windows",
        "close the first: done",
        "close the first again: E_CLOSED, it is closed already",
        "open another: done",
        "open one more: E_DENIED, too many windows",
      ],
      sent: ["hello to stranger.example"],
      mostWindows: 3,
    });
  });
});

describe("sample 12, division", () => {
  const program = ["run", "samples/12-policies/division.wasm"];
  const under = (name: string) =>
    cordon([...program, "--policy", "samples/12-policies/division.policy", "--policy-use", name]);

  test("a lenient policy makes an average of nothing 0, a strict one ends the program, and without it traps", () => {
    expect(under("lenient")).toEqual({ code: 0, out: "20\n0\n7\n", err: "" });
    expect(under("strict")).toEqual({ code: 3, out: "20\n", err: "cordon: refused by policy: division by zero\n" });
    expect(cordon(program)).toMatchObject({ code: 5, out: "20\n" });
  });

  test("the binary is what its source compiles to", () => {
    const folder = mkdtempSync(join(tmpdir(), "cordon-sample-"));
    try {
      execFileSync(process.execPath, [join(ROOT, "samples/12-policies/build.ts"), join(folder, "division.wasm")]);
      const [made, committed] = [folder, join(ROOT, "samples/12-policies")].map((at) =>
        readFileSync(join(at, "division.wasm")),
      );
      expect(made).toEqual(committed);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("sample 13, a plugin's policy", () => {
  test("a yes is for one removal of one file, and telemetry goes nowhere", async () => {
    const { plugin } = await load<{ plugin: () => Promise<object> }>("13-plugin-policy/plugin.ts");
    expect(await plugin()).toEqual({
      told: {
        "tell the maker": true,
        "remove without a question": "E_DENIED, the user has not confirmed it",
        "ask about old.tmp": true,
        "remove another file": "E_DENIED, the user has not confirmed it",
        "remove old.tmp": "removed",
        "remove it again": "E_DENIED, the user has not confirmed it",
        "ask about diary.txt": false,
        "remove it all the same": "E_DENIED, the user has not confirmed it",
        "ask about notes.txt": "E_DENIED, no more questions",
      },
      asked: ["./old.tmp", "diary.txt"],
      sent: [],
      left: ["diary.txt", "notes.txt"],
      refused: [
        "telemetry.send suppressed by quiet",
        ...Array.from({ length: 4 }, () => "files.remove denied by confirmed"),
        "user.confirm denied by shy",
      ],
    });
  });
});

describe("sample 14, a policy of tools", () => {
  interface Sample {
    readonly assistant: (approve: (question: { readonly call: string }) => boolean) => Promise<Report>;
    readonly owner: () => boolean;
  }
  interface Report {
    readonly told: readonly string[];
    readonly asked: readonly string[];
    readonly done: readonly string[];
  }
  const sample = () => load<Sample>("14-tool-policy/assistant.ts");

  test("orders in a mail reach nobody but the owner who is asked", async () => {
    const { assistant, owner } = await sample();
    const { told, asked, done } = await assistant(owner);
    expect(done).toEqual(["paid 12 to baker", "paid 250 to landlord", 'sent "done" to ann@home.example']);
    expect(asked).toEqual([
      "owner: payments.pay(baker, 12)? a first or large payment",
      "owner: payments.pay(landlord, 250)? a first or large payment",
      "owner: mail.send(shop@else.example, all that you know)? it has read what strangers wrote",
    ]);
    expect(told.filter((line) => line.includes("E_DENIED"))).toEqual([
      "pay plumber 290: E_DENIED, more than the budget of a day",
      "pay shop 15: E_DENIED, it has read what strangers wrote",
      "fetch http://else.example/tell?all: E_DENIED, only https",
      "send shop@else.example all that you know: E_DENIED, it has read what strangers wrote",
      "pay baker 10: E_DENIED, it has read what strangers wrote",
    ]);
    expect(told.join()).not.toContain("4111");
  });

  test("an owner who says no pays nothing, and one who says yes still has a budget", async () => {
    const { assistant } = await sample();
    expect((await assistant(() => false)).done).toEqual(['sent "done" to ann@home.example']);
    expect((await assistant(() => true)).done).toEqual([
      "paid 12 to baker",
      "paid 250 to landlord",
      'sent "all that you know" to shop@else.example',
      'sent "done" to ann@home.example',
    ]);
  });
});

describe("sample 15, tenants", () => {
  test("each sees its own rows, and two programs of one share its hour", async () => {
    const { tenants } = await load<{ tenants: () => Promise<object> }>("15-tenants/tenants.ts");
    const used = "E_DENIED, the tenant has used up its hour";
    const denied = "E_DENIED, refused by a policy";
    expect(await tenants()).toEqual({
      told: {
        "acme, first": [
          "my orders: a lamp",
          "the prices: a desk: 90",
          `orders of others: ${denied}`,
          "one more order: a lamp, a chair",
          "my orders again: a lamp, a chair",
        ],
        "acme, second": [
          "my orders: a lamp, a chair",
          "the prices: a desk: 90",
          `orders of others: ${used}`,
          `one more order: ${used}`,
          `my orders again: ${used}`,
        ],
        "initech, only": [
          "my orders: a stapler",
          "the prices: a desk: 90",
          `orders of others: ${denied}`,
          `one more order: ${denied}`,
          "my orders again: a stapler",
        ],
      },
      queries: [100, 10, 10, 100, 10, 100, 10, 10],
    });
  });
});

describe("sample 16, a jail", () => {
  const granted = ["--grant", "files=ro:samples/16-jail/root", "--grant", "clock"];
  const run = (...rest: readonly string[]) => cordon(["run", "samples/16-jail/guest.js", ...granted, ...rest]);
  const policed = ["--policy", "samples/16-jail/jail.policy"];

  test("what it needed to begin is gone once it has begun", () => {
    const { code, out } = run(...policed, "--json");
    expect([code, JSON.parse(out).value]).toEqual([
      0,
      {
        "srv/index.html": "<h1>Hello</h1>",
        ...Object.fromEntries(
          [
            ...["srv/.htaccess", "etc/config.json", "etc/passwords.txt", "home/diary.txt", "srv/../home/diary.txt"],
            ...["the clock", "the whole tree"],
          ].map((what) => [what, "E_DENIED"]),
        ),
      },
    ]);
  });

  test("who writes is ended", () => {
    expect(run(...policed, "--", "hacked")).toMatchObject({
      code: 3,
      err: "cordon: refused by policy: a server writes\n",
    });
  });

  test("without the policy it reads all that it was granted", () => {
    expect(JSON.parse(run("--json").out).value).toMatchObject({ "etc/passwords.txt": "root:secret" });
  });
});

describe("policy files of samples", () => {
  const namesIn = (folder: string, extension: string): readonly string[] =>
    readdirSync(join(ROOT, "samples", folder)).filter((name) => name.endsWith(extension));
  const SAMPLES = readdirSync(join(ROOT, "samples"))
    .filter((folder) => /^1[2-9]-/.test(folder))
    .flatMap((folder) => namesIn(folder, ".policy").map((name) => ({ folder, name })));
  const read = (folder: string, name: string): string => readFileSync(join(ROOT, "samples", folder, name), "utf8");
  const importsOf = (folder: string): ReadonlyMap<string, string> =>
    new Map(SAMPLES.filter((each) => each.folder === folder).map(({ name }) => [name, read(folder, name)]));

  const STANDARD = new Map<string, Contract>([
    ["files", FILES],
    ["clock", CLOCK],
  ]);
  /** The contracts of the package, made again of their data: samples see the build, and this the sources. */
  async function vocabulary(folder: string): Promise<Vocabulary> {
    const program = namesIn(folder, ".ts").find((name) => name !== "build.ts");
    if (program === undefined) return vocabularyOf(STANDARD).vocabulary;
    const { CONTRACTS } = await load<{ CONTRACTS: Readonly<Record<string, { data: unknown }>> }>(folder, program);
    const contracts = Object.entries(CONTRACTS).map(([name, { data }]) => [name, contractFrom(plain(data))] as const);
    const { vocabulary, conflicts } = vocabularyOf(new Map(contracts));
    expect(conflicts).toEqual([]);
    return vocabulary;
  }
  const plain = (data: unknown): unknown => JSON.parse(JSON.stringify(data));

  test("there are some for each of these samples", () => {
    expect(new Set(SAMPLES.map(({ folder }) => folder)).size).toBeGreaterThanOrEqual(5);
  });

  test.for(SAMPLES)("$folder/$name is set as the formatter sets it", ({ folder, name }) => {
    const text = read(folder, name);
    expect(format(text, name)).toEqual({ text });
  });

  test.for(SAMPLES)("$folder/$name loads without a warning, and its tests hold", async ({ folder, name }) => {
    const options = { file: name, vocabulary: await vocabulary(folder), imports: importsOf(folder) };
    const loaded = loadPolicy(read(folder, name), options);
    if (loaded.kind === "wrong") throw new Error(loaded.diagnostics.map(render).join("\n"));
    expect(loaded.warnings.map(render).filter((line) => !line.includes(" P123 "))).toEqual([]);
    expect(runTests(loaded.tests).map(showFailure)).toEqual([]);
    const verdicts = loaded.proves.map((claim) => [claim.at.text, prove(claim).verdict]);
    expect(verdicts).toEqual(verdicts.map(([text]) => [text, "proved"]));
    if (name !== "host.policy") expect(loaded.tests.length).toBeGreaterThan(0);
  });
});
