// Every attack against `node:vm`, to show that the harness sees what succeeds, and against cordon, where none may.
import { beforeAll, describe, expect, test } from "vitest";
import { catalogue, rows } from "./catalogue.ts";
import type { Report } from "./harness/attempt.ts";
import { drive } from "./harness/drive.ts";
import { mismatch, OPEN, type OwnAttack, own } from "./own.ts";

type Reports = ReadonlyMap<string, Report>;
const MINUTES = 60_000;
const isDeep = process.env["CORDON_DEEP"] === "1";
/** A guest that finds a way to spoil its process would be seen in those behind it, or, alone, not at all. */
const PER_PROCESS = isDeep ? 1 : 1_000;
const cordonOver = (attacks: typeof catalogue): Promise<Reports> =>
  drive(
    { system: "cordon", perProcess: Math.min(PER_PROCESS, Math.ceil(attacks.length / 2)), patience: 30_000 },
    attacks,
  );

const breachesOf = (reports: Reports, id: string): readonly string[] => reports.get(id)?.breaches ?? ["no report"];

describe("the catalogue", () => {
  test("has 44 attacks, each with its row", () => {
    expect(catalogue.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(catalogue).toHaveLength(44);
  });
});

describe("the harness, against node:vm", () => {
  let reports: Reports;
  beforeAll(async () => {
    reports = await drive({ system: "node-vm", perProcess: 1, patience: 2_000 }, catalogue);
  }, 5 * MINUTES);

  test("sees at least ten attacks succeed", () => {
    expect([...reports.values()].filter(({ breaches }) => breaches.length > 0).length).toBeGreaterThanOrEqual(10);
  });

  // Each of these is another eye of the harness.
  test.for([
    ["01", /^escaped: root#0 HOST-canary/],
    ["25", /^escaped: 90/],
    ["41", /^escaped: (node:|\/)/],
    ["43", /^escaped: [\s\S]*HOSTSRC/],
    ["21", /handed a (function|proxy)/],
    ["29", /a host object changed/],
    ["51", /process hangs/],
    ["67", /memory not held|process (hangs|died)/],
    ["79", /unhandled rejection/],
    ["91", /does not end/],
  ] as const)("sees attack %s", ([id, what]) => {
    expect(breachesOf(reports, id)).toEqual(expect.arrayContaining([expect.stringMatching(what)]));
  });
});

describe("cordon, against the catalogue", () => {
  let reports: Reports;
  beforeAll(async () => {
    reports = await cordonOver(catalogue);
  }, 5 * MINUTES);

  test.for(rows.map((row) => [row.id, row.name, row] as const))("%s %s fails", ([id, , row]) => {
    expect(breachesOf(reports, id)).toEqual([]);
    if (row.class === "dos") return;
    // An attack that could not even begin proves nothing.
    const { ending } = reports.get(id) as Report;
    expect(ending).toMatchObject({ kind: "returned", value: expect.stringContaining('"escaped":false') });
    expect(ending).not.toMatchObject({ value: expect.stringContaining("skip") });
  });
});

describe("cordon, against attacks of our own", () => {
  let reports: Reports;
  beforeAll(async () => {
    reports = await cordonOver(own);
  }, 30 * MINUTES);

  const judge = ([id, expected]: readonly [string, OwnAttack["expect"]]): void => {
    expect(breachesOf(reports, id)).toEqual([]);
    expect(mismatch((reports.get(id) as Report).ending, expected)).toBeUndefined();
  };
  const cases = own.map(({ id, expect }) => [id, expect] as const);
  test.for(cases.filter(([id]) => OPEN[id] === undefined))("%s: %s", judge);
  test.fails.for(cases.filter(([id]) => OPEN[id] !== undefined))("%s: %s (open)", judge);
});

describe("cordon, given made sources as TypeScript", () => {
  const attacks = own.filter(({ id }) => /^(nested|parsed|long|innocent)-/.test(id) && OPEN[id] === undefined);
  let reports: Reports;
  beforeAll(async () => {
    const driver = {
      system: "cordon-typescript",
      perProcess: Math.ceil(attacks.length / 2),
      patience: 30_000,
    } as const;
    reports = await drive(driver, attacks);
  }, 30 * MINUTES);

  test.for(attacks.map(({ id }) => [id] as const))("%s", ([id]) => {
    expect(breachesOf(reports, id)).toEqual([]);
  });
});
