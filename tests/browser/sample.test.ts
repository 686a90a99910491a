// Sample 17 does what its README says, in a browser, from its own server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { ROOT } from "../fences/tree.ts";
import { inChromium, type World } from "./chromium.ts";
import type { Site } from "./server.ts";

async function sampleServer(): Promise<Site> {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const server = spawn(process.execPath, [join(ROOT, "samples/17-browser/serve.ts"), "0"], { stdio: [...stdio] });
  const [url] = (await once(createInterface(server.stdout), "line")) as [string];
  const close = async (): Promise<void> => {
    server.kill();
    await once(server, "exit");
  };
  return { url, asked: [], close };
}

function tests(world: World): void {
  test("the sample runs what is typed, goes on while a guest spins, and stops it", async () => {
    const page = await world.browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(world.site.url);
    const shown = page.locator("#shown");
    await page.click("#run");
    await shown.filter({ hasText: "returned: 3 (" }).waitFor();
    const lines = ((await shown.textContent()) ?? "").split("\n").slice(0, 7);
    expect(lines.slice(0, 3).toSorted()).toEqual(["milk.txt: two bottles", "moon.txt: full", "rent.txt: on Friday"]);
    const powers = ["document", "fetch", "localStorage"].map((name) => `${name}: undefined`);
    expect(lines.slice(3)).toEqual([...powers, "writing: E_READ_ONLY"]);
    await page.click("#spin");
    const ticks = async (): Promise<number> => Number(await page.locator("#ticks").textContent());
    const before = await ticks();
    await expect.poll(ticks, { timeout: 20_000 }).toBeGreaterThan(before + 3);
    await page.click("#stop");
    await shown.filter({ hasText: "aborted (" }).waitFor();
    expect(complaints).toEqual([]);
  });
}

inChromium("sample 17", tests, sampleServer);
