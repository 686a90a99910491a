// The samples about capabilities, layers and meters do what their READMEs say.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Bill, Decision, Request } from "../../policy-libs/index.ts";
import { ROOT } from "../cli/command.ts";

// Samples are a project of their own: they see the package, not its sources. So they are loaded, not imported.
const load = async <T>(...path: string[]): Promise<T> => (await import(join(ROOT, "samples", ...path))) as T;

type Outcomes = Readonly<Record<string, unknown>>;

describe("sample 06, plugins", () => {
  interface Report {
    readonly menu: readonly string[];
    readonly outline: unknown;
    readonly helper: Outcomes;
    readonly spinning: string;
    readonly afterwards: unknown;
  }

  test("the honest plugin works, and the hostile one is told what it may not do", async () => {
    const { plugins } = await load<{ plugins: () => Promise<Report> }>("06-plugins/plugins.ts");
    const { menu, outline, helper, spinning, afterwards } = await plugins();
    expect(outline).toEqual({ "garden.md": ["Spring", "Autumn"], "travel.md": ["Lisbon"] });
    expect(menu).toEqual(["outline: Spring", "outline: Autumn", "outline: Lisbon", "helper: Win a prize"]);
    expect(helper).toEqual({
      "list the notes": "done: 2",
      "read a note": "E_DENIED",
      "write a note": "E_DENIED",
      "open a note for writing": "E_DENIED",
      "leave the folder": "E_DENIED",
      "leave it by its root": "E_PATH",
      "ask for a process": "ReferenceError: process is not defined",
      "ask for the network": "ReferenceError: fetch is not defined",
      "import a module": expect.stringContaining("no module loader is granted"),
      "take the host's Function": "done: undefined",
      "change a grant": expect.stringContaining("TypeError"),
      "add what is no text": "E_VALUE",
      "add a long text": "E_VALUE",
      "add one entry": "done: undefined",
      "add a second entry": "E_QUOTA",
    });
    expect([afterwards, spinning]).toEqual(["E_REVOKED", "exhausted: fuel"]);
  });
});

describe("sample 07, layers", () => {
  interface Report {
    readonly told: { readonly accuracy: Outcomes; readonly security: Outcomes };
    readonly below: Readonly<Record<string, string>>;
  }
  const attacked = async (name: string): Promise<Report> =>
    (await load<{ attacked: (name: string) => Promise<Report> }>("07-layers/layers.ts")).attacked(name);

  test("no-mz: no file starts with MZ, whatever is tried, but that which did before", async () => {
    const { told, below } = await attacked("no-mz");
    expect(Object.keys(below).filter((name) => below[name]!.startsWith("MZ"))).toEqual(["old.exe"]);
    const codes = Object.entries(told.security).filter(([, code]) => code !== "E_DENIED");
    expect(Object.fromEntries(codes)).toEqual({
      "two who append at once": "done E_DENIED",
      "two handles at once": "done E_DENIED",
      "two writers that add": "done E_DENIED",
      "a value that changes": "E_VALUE",
    });
    expect(Object.keys(told.security)).toHaveLength(18);
  });

  test("no-mz: all other writes pass as they are", async () => {
    const { told } = await attacked("no-mz");
    const { accuracy } = told;
    const written = Object.entries(accuracy).filter(([what]) => what.startsWith('write "'));
    expect([written.length, written.every(([, how]) => how === "the same")]).toEqual([10, true]);
    expect(accuracy).toMatchObject({
      "append Z to XM": "XMZ",
      "append MZ to M": "MMZ",
      "write MZ at 1 and 2": "aMMZ",
      "write piece by piece": "XMZ",
      "copy, rename, list and remove": "a b c d f old.exe",
      "read what is missing": "E_NOT_FOUND",
    });
  });

  test("private-write: what was written so is never read, all else is", async () => {
    const { told, below } = await attacked("private-write");
    expect(told.accuracy).toEqual({
      "write and read": "hello world",
      "write privately, in the middle": "done",
      "read what lies before it": "hello ",
      "add after it": ", again",
      "overwrite a part of it, and read that": "x",
      "the size": 18,
      "a private write of nothing": "hello ",
      "write beyond the end": "E_PAST_END",
    });
    expect(told.security).toEqual({
      "read it": "E_PRIVATE",
      "read its first byte": "E_PRIVATE",
      "read its last byte": "E_PRIVATE",
      "read over it": "E_PRIVATE",
      "read it by another handle": "E_PRIVATE",
      "read it by another spelling": "E_PATH",
      "read it by an upper case": "E_PATH",
      "change what is known of it": "E_PATH",
      "read while it is written": "E_PRIVATE",
      "overwrite beside it": "E_PRIVATE",
      "write privately beyond the end, then read the gap": "E_PAST_END",
      "read to no end": "E_VALUE",
      "read from before the beginning": "E_VALUE",
    });
    expect(below).toMatchObject({ diary: "hello_WOxLD_ again", other: "SECRET" });
  });

  test("ab-storage: every file starts with S and ends with E, and nobody sees half of a change", async () => {
    const { told, below } = await attacked("ab-storage");
    expect(told.accuracy).toEqual({
      "a new file": "SE",
      "a right change": "S one E",
      "a longer one": 502,
      "a shorter one": "S two E",
      "the old one is read until it is closed": "S old E, S old E, S new E",
      "no copy is listed": "a b new",
    });
    expect(told.security).toEqual({
      "no S": "S two E",
      "no E": "S two E",
      "only S": "S two E",
      nothing: "S two E",
      "small letters": "S two E",
      "right, then wrong": "S t",
      "a write while it is closed": "E_CLOSED, S new E",
      "closed twice": "E_CLOSED",
      "two at once, one of them wrong": "S two E",
      "the copy by its name": "E_PATH",
      "another spelling": "E_PATH",
      "never closed": "S two E",
    });
    for (const [name, text] of Object.entries(below))
      if (!name.startsWith(".")) expect([name, text]).toEqual([name, expect.stringMatching(/^S.*E$/s)]);
  });
});

describe("sample 08, a bill", () => {
  interface Day {
    readonly ends: readonly string[];
    readonly bills: readonly Bill[];
    readonly milliseconds: number;
  }

  test("limits refuse, rates make wait, and the bill is totals times prices", async () => {
    const { day, printed } = await load<{ day: () => Promise<Day>; printed: (bill: Bill) => string }>(
      "08-bill/bill.ts",
    );
    const { ends, bills, milliseconds } = await day();
    expect(ends).toEqual([
      "report: returned",
      "report: the account has no 520 of netSend left",
      "report: the account has no 520 of netSend left",
      "spin: out of fuel",
      "report: not even begun",
      "letters: returned",
    ]);
    // The first three find room in the bucket; nine wait 50 ms each.
    expect(milliseconds).toBeGreaterThan(400);
    expect(milliseconds).toBeLessThan(5_000);
    const used = bills.map(({ lines }) => lines.find(({ resource }) => resource === "netSend")?.used);
    expect(used).toEqual([1_560, 0, 12_000]);
    for (const { lines, total, parts } of bills) {
      expect(total).toBeCloseTo(
        lines.reduce((sum, line) => sum + line.used * line.price, 0),
        12,
      );
      expect(total).toBeCloseTo(
        parts.reduce((sum, part) => sum + part.total, 0),
        12,
      );
    }
    expect(bills[1]!.lines[0]!.used).toBeGreaterThanOrEqual(50_000_000);
    expect(bills[1]!.lines[0]!.used).toBeLessThan(50_001_000);
    expect(printed(bills[2]!)).toMatch(/^Initech: 6\.\d{4}\n[\s\S]*netSend +12000 +x 0\.0005 +6\.0000\n/);
  });
});

describe("sample 09, approval", () => {
  interface Payday {
    readonly receipts: readonly string[];
    readonly paid: readonly string[];
    readonly asked: readonly string[];
  }
  type Decide = (question: Request) => Promise<Decision>;
  const sample = () =>
    load<{ payday: (decide: Decide) => Promise<Payday>; careful: Decide }>("09-approval/approval.ts");

  test("small payments are made, large ones wait for a person, who may change or deny them", async () => {
    const { payday, careful } = await sample();
    expect(await payday(careful)).toEqual({
      receipts: [
        "the baker: paid 12",
        "the landlord: paid 800",
        "the plumber: paid 80",
        "a prince abroad: E_DENIED, nobody knows him",
      ],
      paid: ["12 to the baker", "800 to the landlord", "80 to the plumber"],
      asked: ["payments.pay(the landlord, 900)", "payments.pay(a prince abroad, 50000)"],
    });
  });

  test("an answer that is none is a no, and so are arguments that break the contract", async () => {
    const { payday } = await sample();
    const answers: unknown[] = [{ allow: true, args: ["me", 2e6] }, "yes please"];
    const { paid } = await payday(async () => answers.shift() as Decision);
    expect(paid).toEqual(["12 to the baker", "80 to the plumber"]);
  });
});

describe("sample 10, composition", () => {
  test("clamps, veils, compares, and dies from the middle up", async () => {
    const { composition } = await load<{ composition: () => Promise<object> }>("10-composition/composition.ts");
    expect(await composition()).toEqual({
      told: {
        "write a draft": "done",
        "read it": "Dear Ada",
        "write a law": "E_DENIED",
        "read the law": "Be kind.",
        "the names": ["draft-letter", "law"],
        "reach below": "undefined undefined",
      },
      below: { ynj: "Or xvaq.", "qensg-yrggre": "Qrne Nqn" },
      afterAChange: "the two shelves disagree",
      afterTheMiddleEnded: "the capability is revoked",
    });
  });
});
