// The browser that tests drive: one that is installed. Nothing is downloaded.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

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

export const WITHOUT =
  "no browser: not run. Install one (Debian: apt-get install chromium) or name it in CHROME_PATH; CI installs it";

/** Headless, and without a sandbox of its own if it runs as root, which it refuses otherwise. */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
