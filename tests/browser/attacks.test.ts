// The attacks of tests/attacks, the same sources under the same oracle, against the package in a page and in a Worker.
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { catalogue, rows } from "../attacks/catalogue.ts";
import { generated } from "../attacks/generated.ts";
import type { Attack, Report } from "../attacks/harness/attempt.ts";
import { LIMITS } from "../attacks/harness/system.ts";
import { mismatch, OPEN, type OwnAttack, own } from "../attacks/own.ts";
import { inChromium } from "./chromium.ts";
import { openTab, type Place } from "./tab.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const PATIENCE = 30_000; // milliseconds
const MINUTES = 60_000;

const isMade = ({ id }: Attack): boolean => generated.some((each) => each.id === id);
/** Megabytes for the parser, which knows nothing of its host: in depth only. */
const isLong = ({ id }: Attack): boolean => /^(parsed|long)-/.test(id);
/** Of our own, every attack once; in depth, in both places. The catalogue is in both. */
const OWN: Readonly<Record<Place, readonly OwnAttack[]>> = {
  page: own.filter((attack) => isDeep || !isMade(attack)),
  worker: own.filter((attack) => isDeep || (isMade(attack) && !isLong(attack))),
};

const endless = new Set([
  ...rows.filter((row) => row.class === "dos").map(({ id }) => id),
  ...own.filter(({ expect: how }) => how === "stopped" || how === "any").map(({ id }) => id),
]);
/** What goes on until it is stopped need not go on for long: that its time is honoured is what counts. */
const SOON = 60; // milliseconds
/** The others come to an end of their own, on a loaded machine too. */
const PATIENT = 8_000; // milliseconds

function shortened(attack: Attack): Attack {
  const limits = attack.limits ?? LIMITS;
  const wall = endless.has(attack.id) ? Math.min(isDeep ? Infinity : SOON, limits.wall) : PATIENT;
  // A source that is made is made where it runs: it may be large, or no text that could be sent.
  return { ...attack, source: isMade(attack) ? "" : attack.source, limits: { ...limits, wall } };
}

/** Reports by the page itself, or by what becomes of the page. */
async function driveIn(browser: Browser, url: string, place: Place): Promise<Map<string, Report>> {
  const tab = await openTab(browser, url);
  const reports = new Map<string, Report>();
  for (const attack of [...catalogue, ...OWN[place]]) {
    const told = await tab.perform(place, "attack", shortened(attack), PATIENCE);
    const ending = { kind: "stopped", why: "failed" } as const;
    const broken = (why: string): Report => ({ id: attack.id, ending, ms: 0, peak: 0, breaches: [why] });
    reports.set(
      attack.id,
      "gave" in told ? (told.gave as Report) : broken("failed" in told ? told.failed : told.skipped),
    );
  }
  await tab.close();
  return reports;
}

inChromium("the attacks", (world) => {
  const reports = new Map<Place, ReadonlyMap<string, Report>>();
  beforeAll(async () => {
    const drive = async (place: Place): Promise<unknown> =>
      reports.set(place, await driveIn(world.browser, `${world.site.url}/page.html`, place));
    await Promise.all([drive("page"), drive("worker")]);
  }, 10 * MINUTES);

  const reportOf = (place: Place, id: string): Report => reports.get(place)?.get(id) as Report;

  describe.for(["page", "worker"] as const)("in a %s", (place) => {
    test.for(rows.map((row) => [row.id, row.name, row] as const))("%s %s fails", ([id, , row]) => {
      const { breaches, ending } = reportOf(place, id);
      expect(breaches).toEqual([]);
      if (row.class === "dos") return;
      expect(ending).toMatchObject({ kind: "returned", value: expect.stringContaining('"escaped":false') });
    });

    const judge = ([id, expected]: readonly [string, OwnAttack["expect"]]): void => {
      const { breaches, ending } = reportOf(place, id);
      expect(breaches).toEqual([]);
      expect(mismatch(ending, expected)).toBeUndefined();
    };
    const cases = OWN[place].map(({ id, expect }) => [id, expect] as const);
    test.for(cases.filter(([id]) => OPEN[id] === undefined))("%s: %s", judge);
    test.fails.for(cases.filter(([id]) => OPEN[id] !== undefined))("%s: %s (open)", judge);
  });
});
