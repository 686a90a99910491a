// What the package gives to browsers, in a page and in a Web Worker of Chromium, with and without suspension.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../embed/node/index.ts";
import { inChromium } from "./chromium.ts";
import { fingerprint } from "./page/language.ts";
import { TRIALS } from "./page/trials.ts";
import { openTab, type Place, type Tab } from "./tab.ts";

/** Where the package is loaded. Each has a process of its own. */
const PLACES: readonly (readonly [where: string, place: Place, query: string])[] = [
  ["a page", "page", ""],
  ["a Web Worker", "worker", ""],
  ["a page that cannot suspend", "page", "?plain"],
  ["a Web Worker that cannot suspend", "worker", "?plain"],
];

inChromium("the package", (world) => {
  describe.for(PLACES)("%s", ([, place, query]) => {
    let tab: Tab;
    beforeAll(async () => {
      tab = await openTab(world.browser, `${world.site.url}/page.html${query}`);
    });
    afterAll(() => tab.close());

    const names = Object.entries(TRIALS).filter(([, { suspends }]) => query === "" || suspends !== true);
    test.for(names)("%s", async ([name, { gives }], { skip }) => {
      const told = await tab.perform(place, name);
      if ("skipped" in told) return skip(told.skipped);
      expect(told).toEqual({ gave: gives });
    });

    test("a guest sees and takes the same as under Node, and pays the same if its host can do the same", async () => {
      const { fuel, ...seen } = await fingerprint({ cordon: { run } });
      expect(await tab.perform(place, "fingerprint")).toMatchObject({ gave: query === "" ? { ...seen, fuel } : seen });
    });

    test("nothing was thrown that nobody caught", () => {
      expect(tab.complaints).toEqual([]);
    });
  });
});
