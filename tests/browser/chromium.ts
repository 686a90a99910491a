// The browser that tests drive: one that is installed. Nothing is downloaded.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type Site, serve } from "./server.ts";
import { makeSite } from "./site.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe"];
const PLACES = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  "/Applications/Google Chrome.app/Contents/MacOS",
  "/Applications/Chromium.app/Contents/MacOS",
  join(process.env["PROGRAMFILES"] ?? "C:\\Program Files", "Google\\Chrome\\Application"),
];

/** CHROME_PATH, or the first of the usual names. Undefined: there is none. */
export function findChromium(): string | undefined {
  const asked = process.env["CHROME_PATH"];
  if (asked !== undefined && asked !== "") return asked;
  const names = [...NAMES, "Google Chrome", "Chromium"];
  return PLACES.flatMap((place) => names.map((name) => join(place, name))).find((path) => existsSync(path));
}

const WITHOUT =
  "not run, there is no browser: install one (Debian: apt-get install chromium) or name it in CHROME_PATH";

/** A browser and a site for the tests inside, from their beforeAll on. */
export interface World {
  browser: Browser;
  site: Site;
}

const defaultSite = async (): Promise<Site> => serve(await makeSite());

/** Tests that need a browser. Where there is none they are one that was skipped, and says why. */
export function inChromium(about: string, body: (world: World) => void, serving = defaultSite): void {
  const executablePath = findChromium();
  if (executablePath === undefined) return test.skip(`${about}, in Chromium (${WITHOUT})`, () => undefined);
  describe(`${about}, in Chromium`, () => {
    const world = {} as World;
    beforeAll(async () => {
      world.site = await serving();
      // As root it refuses to run in its own sandbox, which is not what is tested here.
      world.browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
      console.log(`${executablePath}: Chromium ${world.browser.version()}`);
    });
    afterAll(async () => {
      await world.browser?.close();
      await world.site?.close();
    });
    body(world);
  });
}
