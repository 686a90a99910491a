// What the package gives to browsers, in a page and in a Web Worker of Chromium, with and without suspension.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../embed/node/index.ts";
import { findChromium, launch, WITHOUT } from "./chromium.ts";
import { fingerprint } from "./page/language.ts";
import { TRIALS } from "./page/trials.ts";
import { type Site, serve } from "./server.ts";
import { addressOf, makeSite } from "./site.ts";
import { openTab, type Place, type Tab } from "./tab.ts";

const chromium = findChromium();
/** Where the package is loaded. Each has a process of its own. */
const PLACES: readonly (readonly [where: string, place: Place, query: string])[] = [
  ["a page", "page", ""],
  ["a Web Worker", "worker", ""],
  ["a page that cannot suspend", "page", "?plain"],
  ["a Web Worker that cannot suspend", "worker", "?plain"],
];

test.runIf(chromium === undefined)(`the tests of browsers (${WITHOUT})`, (context) => context.skip(WITHOUT));

describe.runIf(chromium !== undefined)("in Chromium", () => {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => {
    site = await serve(await makeSite());
    browser = await launch(chromium as string);
    console.log(`browser: Chromium ${browser.version()}, ${chromium}`);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  describe.for(PLACES)("%s", ([, place, query]) => {
    let tab: Tab;
    beforeAll(async () => {
      tab = await openTab(browser, `${site.url}/page.html${query}`);
    });
    afterAll(() => tab.close());
    const names = Object.entries(TRIALS).filter(([, { suspends }]) => query === "" || suspends !== true);
    test.for(names)("%s", async ([name, { gives }]) => {
      expect(await tab.perform(place, name)).toEqual({ gave: gives });
    });
    test("a guest sees, pays and takes the same as under Node", async () => {
      expect(await tab.perform(place, "fingerprint")).toEqual({ gave: await fingerprint({ cordon: { run } }) });
    });
    test("nothing was thrown that nobody caught", () => {
      expect(tab.complaints).toEqual([]);
    });
  });
});
