// How a browser gets the package: which files it asks for, from where, and what a page must allow.
import { expect, test } from "vitest";
import { inChromium, type World } from "./chromium.ts";
import { POLICY, type Site, serve } from "./server.ts";
import { addressOf, makeSite, shipped } from "./site.ts";

/** A page as a stranger writes it: one script, which imports the package by its address and shows one line. */
const pageOf = (name: string): string => `<!doctype html><pre></pre><script type="module" src="/${name}.js"></script>`;
const scriptOf = (body: string): string => `import * as cordon from "${addressOf(".")}";
const show = (text) => { document.querySelector("pre").textContent = text; };
try { show(await (async () => { ${body} })()); } catch (e) { show(e.name + " " + e.code + ": " + e.message); }`;
const HELLO = `const { value } = await cordon.run({ source: "6 * 7" }); return "value " + value;`;

const PAGES = new Map(
  Object.entries({
    hello: HELLO,
    strict: HELLO,
    typescript: `const { value } = await cordon.run({ source: "const n: number = 42; n", language: "typescript" }); return "value " + value;`,
    policy: `const { policy } = await import("${addressOf("./policy-libs")}");
      const text = policy.text("policy p over tools.f {\\n  default allow\\n}");
      const { value } = await cordon.run({ source: "tools.f()", grant: { tools: { f: () => 42 } }, policy: text }); return "value " + value;`,
    nothing: `const { run } = cordon.createCordon({ engine: async () => (await fetch("/none.wasm")).arrayBuffer() });
      await run({ source: "1" });`,
    alone: `const read = async (name) => (await fetch("/cordon/dist/" + name)).arrayBuffer();
      const { run } = cordon.createCordon({ engine: () => read("engine.wasm") });
      const { value } = await run({ source: "6 * 7" }); return "value " + value;`,
  }),
);

/** The package is exactly what would be published. */
async function serving(): Promise<Site> {
  const published = shipped();
  const files = await makeSite((file) => published.has(file));
  const read = (path: string): Uint8Array | undefined => {
    const [, name = "", extension] = /^\/(\w+)\.(html|js)$/.exec(path) ?? [];
    const body = PAGES.get(name);
    if (body === undefined) return files(path);
    return new TextEncoder().encode(extension === "html" ? pageOf(name) : scriptOf(body));
  };
  const without = POLICY.replace(" 'wasm-unsafe-eval'", "");
  return serve(read, (path) => (path.startsWith("/strict.") ? without : POLICY));
}

function tests(world: World): void {
  /** What the page shows, and which files of the package it has asked for. */
  async function visit(name: string): Promise<{ text: string; asked: string[] }> {
    world.site.asked.length = 0;
    const page = await world.browser.newPage();
    await page.goto(`${world.site.url}/${name}.html`);
    await page.locator("pre", { hasText: /./ }).waitFor();
    const text = (await page.locator("pre").textContent()) ?? "";
    await page.close();
    const files = world.site.asked.filter((path) => path.startsWith("/cordon/"));
    return { text, asked: files.map((path) => path.replace(/^\/cordon\/dist\//, "")).toSorted() };
  }

  const BASE = ["browser/cordon.js", "browser/index.js", "browser/rolldown-runtime.js", "engine.image", "engine.wasm"];

  test("asks for five files to say hello, and for each of them once", async () => {
    expect(await visit("hello")).toEqual({ text: "value 42", asked: BASE });
  });

  test("asks for the stripper only when there is TypeScript", async () => {
    expect(await visit("typescript")).toEqual({ text: "value 42", asked: [...BASE, "typescript.image"].toSorted() });
  });

  test("asks for the policy language only when there is a policy, and shares what both entries have", async () => {
    const { text, asked } = await visit("policy");
    expect(text).toBe("value 42");
    expect(asked).toEqual(expect.arrayContaining([...BASE, "browser/policy.js", "browser/policy-libs.js"]));
    expect(new Set(asked).size).toBe(asked.length);
  });

  test("that forbids WebAssembly is told what to allow", async () => {
    expect((await visit("strict")).text).toMatch(/^CordonError E_ENGINE: .*'wasm-unsafe-eval'/);
  });

  test("whose engine is missing gets an error, and no crash", async () => {
    expect((await visit("nothing")).text).toMatch(/^CordonError E_ENGINE: /);
  });

  test("does with the engine alone, and without its image", async () => {
    expect((await visit("alone")).text).toBe("value 42");
  });
}

inChromium("a page", tests, serving);
