// A page of the browser with what a test asks of it. A page that crashes or hangs is an answer, and a new one opens.
import type { Browser, Page } from "playwright-core";
import type { Performance } from "./page/perform.ts";

export type Place = "page" | "worker";

export interface Tab {
  /** Performs a trial or an attack by its name. `patience`: milliseconds after which the page hangs. */
  perform(where: Place, what: string, input?: unknown, patience?: number): Promise<Performance>;
  /** What the page complained of: exceptions and rejections that nobody handled. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

type Perform = (where: Place, what: string, input: unknown) => Promise<Performance>;

const READY = 20_000; // milliseconds

export async function openTab(browser: Browser, url: string): Promise<Tab> {
  // A context of its own is a process of its own: what one page does to its process no other feels.
  const context = await browser.newContext();
  const complaints: string[] = [];
  let page: Page | undefined;
  let crashed = Promise.withResolvers<Performance>();

  async function open(): Promise<Page> {
    crashed = Promise.withResolvers();
    const opened = await context.newPage();
    opened.on("crash", () => crashed.resolve({ failed: "the page crashed" }));
    opened.on("pageerror", (error) => complaints.push(String(error)));
    await opened.goto(url, { waitUntil: "load", timeout: READY });
    page = opened;
    return opened;
  }

  async function perform(where: Place, what: string, input?: unknown, patience = 60_000): Promise<Performance> {
    const at = page ?? (await open());
    const asked = at.evaluate(
      ([place, name, given]) => (globalThis as unknown as { perform: Perform }).perform(place, name, given),
      [where, what, input] as const,
    );
    const patient = AbortSignal.timeout(patience);
    const hangs = new Promise<Performance>((resolve) => {
      patient.onabort = () => resolve({ failed: "the page hangs" });
    });
    const answer = await Promise.race([asked.catch((error) => ({ failed: String(error) })), crashed.promise, hangs]);
    if ("failed" in answer && answer.failed.startsWith("the page ")) {
      await page?.close();
      page = undefined;
    }
    return answer;
  }

  return { perform, complaints, close: () => context.close() };
}
