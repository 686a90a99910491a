// Layers that say themselves what they offer: in one run, and whatever a hostile one declares.
import { describe, expect, test } from "vitest";
import { MOST_DECLARED, MOST_NAMES } from "../../embed/declared.ts";
import type { LayerOptions } from "../../embed/layer.ts";
import { meter } from "../../policy-libs/index.ts";
import { cordon, gave } from "./cordon.ts";

const NAME = `name: "count", allows: "counting", never: "anything else"`;
const NEXT = `next: { takes: [], gives: { type: "integer" }, refuses: [] }`;
const COUNT = `{ ${NAME}, calls: { ${NEXT} } }`;

const declared = (source: string, more: Partial<LayerOptions> = {}) =>
  cordon.layer({ name: "counter", offers: "declared", source, ...more });
/** A layer whose program is one expression. */
const giving = (value: string, more: Partial<LayerOptions> = {}) => declared(`return ${value};`, more);
const withContract = (data: string) =>
  giving(`{ contracts: { count: ${data} }, objects: { count: { next: () => 1 } } }`);

describe("a layer that declares what it offers", () => {
  test("its program runs once, and what it offers keeps its own state", async () => {
    let starts = 0;
    const made = await declared(
      `born(); let n = 0; return { contracts: { count: ${COUNT} }, objects: { count: { next: () => ++n } } };`,
      { grant: { born: () => void starts++ } },
    );
    const source = "return [await count.next(), await count.next()];";
    expect(gave(await cordon.run({ source, grant: made.grant }))).toEqual([1, 2]);
    expect(starts).toBe(1);
    expect(Object.keys(made.grant)).toEqual(["count"]);
    made.dispose();
  });

  test.for([
    ["script", "({ contracts: C, objects: { count: { next: async () => 7 } } })"],
    ["module", "await null; export default { contracts: C, objects: { count: { next: async () => 7 } } };"],
  ] as const)("as a %s", async ([kind, source]) => {
    const made = await declared(source.replace("C", `{ count: ${COUNT} }`), { kind });
    expect(gave(await cordon.run({ source: "return await count.next();", grant: made.grant }))).toBe(7);
    made.dispose();
  });

  test("what was granted to it passes under its contract, and dies with the layer", async () => {
    const below = await giving(`{ contracts: { count: ${COUNT} }, objects: { count: { next: () => 3 } } }`);
    const above = await giving(`{ contracts: { same: ${COUNT} }, objects: { same: count } }`, { grant: below.grant });
    const source = "try { return await same.next(); } catch (error) { return error.code; }";
    expect(gave(await cordon.run({ source, grant: above.grant }))).toBe(3);
    above.dispose();
    expect(gave(await cordon.run({ source, grant: above.grant }))).toBe("E_REVOKED");
    below.dispose();
  });

  test("contracts with handles, and what breaks them ends the layer", async () => {
    const made = await giving(`{
      contracts: { makers: { name: "makers", allows: "a", never: "n", calls: {
        make: { takes: [], gives: { type: "handle", of: ${COUNT} }, refuses: [] },
        lie: { takes: [], gives: { type: "integer" }, refuses: [] } } } },
      objects: { makers: { make: () => { let n = 0; return { next: () => --n }; }, lie: () => "no number" } } }`);
    const source = "const one = await makers.make(); return [await one.next(), await one.next()];";
    expect(gave(await cordon.run({ source, grant: made.grant }))).toEqual([-1, -2]);
    const lying = "try { await makers.lie(); } catch (error) { return error.code; }";
    expect(gave(await cordon.run({ source: lying, grant: made.grant }))).toBe("E_TARGET");
    expect(made.ended()).toBeDefined();
    made.dispose();
  });
});

describe("hostile declarations are refused, and nothing above starts", () => {
  const OBJECTS = "objects: { count: { next: () => 1 } }";
  test.for([
    ["nothing", "undefined", /\{ contracts, objects \}/],
    ["a number", "7", /\{ contracts, objects \}/],
    ["no contracts", `{ ${OBJECTS} }`, /\{ contracts, objects \}/],
    ["contracts that are none", `{ contracts: [1], ${OBJECTS} }`, /\{ contracts, objects \}/],
    ["no names", `{ contracts: {}, ${OBJECTS} }`, /1 to 32 names/],
    [
      "too many names",
      `{ contracts: Object.fromEntries(Array.from({ length: ${MOST_NAMES + 1} }, (_, i) => ["n" + i, ${COUNT}])), ${OBJECTS} }`,
      /1 to 32 names/,
    ],
    ["a live contract", `{ contracts: { count: () => 1 }, ${OBJECTS} }`, /threw/],
    [
      "a name that is none",
      `{ contracts: { "a b": ${COUNT} }, objects: { "a b": { next: () => 1 } } }`,
      /not an identifier/,
    ],
    [
      "a name of the language",
      `{ contracts: { globalThis: ${COUNT} }, objects: { globalThis: { next: () => 1 } } }`,
      /belongs to the language/,
    ],
    ["__proto__", `{ contracts: JSON.parse('{"__proto__":{}}'), ${OBJECTS} }`, /belongs to the language/],
    ["an object less", `{ contracts: { count: ${COUNT} }, objects: {} }`, /must give an object with count/],
    [
      "an object more",
      `{ contracts: { count: ${COUNT} }, objects: { count: { next: () => 1 }, more: { next: () => 1 } } }`,
      /must give an object with count/,
    ],
    ["no objects", `{ contracts: { count: ${COUNT} } }`, /must give an object with count/],
    [
      "data for an object",
      `{ contracts: { count: ${COUNT} }, objects: { count: 3 } }`,
      /must give an object with count/,
    ],
    [
      "what it holds under another contract",
      `{ contracts: { count: ${COUNT} }, objects: { count: other } }`,
      /E_VALUE|other|contract/,
    ],
    ["a getter that throws", `{ get contracts() { throw new Error("gotcha"); }, ${OBJECTS} }`, /gotcha/],
  ] as const)("%s", async ([, value, why]) => {
    const started = giving(value, { grant: { other: { next: () => 1 } } });
    await expect(started).rejects.toThrow(
      expect.objectContaining({ code: "E_LAYER", message: expect.stringMatching(why) }),
    );
  });

  test.for([
    ["a contract without calls", `{ ${NAME} }`],
    ["a name with a control character", `{ name: "a\\u0000b", allows: "a", never: "n", calls: { ${NEXT} } }`],
    [
      "a call named constructor",
      `{ ${NAME}, calls: { constructor: { takes: [], gives: { type: "integer" }, refuses: [] } } }`,
    ],
    [
      "a type that does not exist",
      `{ ${NAME}, calls: { next: { takes: [], gives: { type: "power" }, refuses: [] } } }`,
    ],
    [
      "bounds that are not numbers",
      `{ ${NAME}, calls: { next: { takes: [], gives: { type: "integer", min: "0" }, refuses: [] } } }`,
    ],
    [
      "a handle to nowhere",
      `{ ${NAME}, calls: { next: { takes: [], gives: { type: "handle", of: "nowhere" }, refuses: [] } } }`,
    ],
    ["a document that ends its comment", `{ name: "count", allows: "*/ evil()", never: "n", calls: { ${NEXT} } }`],
    [
      "a cycle",
      `(() => { const type = { type: "list" }; type.of = type; return { ${NAME}, calls: { next: { takes: [], gives: type, refuses: [] } } }; })()`,
    ],
    [
      "too deep",
      `(() => { let gives = { type: "integer" }; for (let i = 0; i < 100; i++) gives = { type: "list", of: gives }; return { ${NAME}, calls: { next: { takes: [], gives, refuses: [] } } }; })()`,
    ],
  ] as const)("%s", async ([, data]) => {
    await expect(withContract(data)).rejects.toThrow(
      expect.objectContaining({ code: "E_LAYER", message: expect.stringContaining("declares what cannot be") }),
    );
  });

  test("more bytes than are read", async () => {
    const data = `{ name: "count", allows: "a".repeat(${MOST_DECLARED}), never: "n", calls: { ${NEXT} } }`;
    await expect(withContract(data)).rejects.toThrow(/at most 131072/);
  });

  test("what shares parts, so that it is small to send and large to read, is bounded all the same", async () => {
    const data = `(() => { let gives = { type: "integer" }; for (let i = 0; i < 24; i++) gives = { type: "union", of: [gives, gives] };
      return { ${NAME}, calls: { next: { takes: [], gives, refuses: [] } } }; })()`;
    await expect(withContract(data)).rejects.toThrow(/too many items/);
  });

  test("the layer pays for the reading: who cannot, does not start", async () => {
    const bill = meter({ name: "tenant" });
    const value = `{ contracts: { count: ${COUNT} }, objects: { count: { next: () => 1 } } }`;
    const large = value.replace("counting", "c".repeat(1900));
    (await giving(value, { meter: bill })).dispose();
    const small = bill.totals().fuel;
    expect(small).toBeGreaterThan(100 * 4_000);
    (await giving(large, { meter: bill })).dispose();
    expect(bill.totals().fuel - small - small).toBeGreaterThan(1_800 * 4_000 - small);
    const poor = giving(large, { limits: { fuel: small } });
    await expect(poor).rejects.toThrow("it ran out of fuel");
  });

  test("its signal ends it, before, while and after it starts", async () => {
    const value = `{ contracts: { count: ${COUNT} }, objects: { count: { next: () => 1 } } }`;
    await expect(giving(value, { signal: AbortSignal.abort() })).rejects.toThrow("it ended as aborted");
    const hanging = declared("for (;;);", { signal: AbortSignal.timeout(50) });
    await expect(hanging).rejects.toThrow("it ended as aborted");
    const controller = new AbortController();
    const made = await giving(value, { signal: controller.signal });
    expect(made.ended()).toBeUndefined();
    controller.abort();
    expect(made.ended()).toBe("it ended as aborted");
    made.dispose();
  });

  test("a layer that never answers ends at its limit of time", async () => {
    const contracts = `{ count: ${COUNT} }`;
    const hanging = declared(`await new Promise(() => {}); return { contracts: ${contracts}, objects: {} };`, {
      limits: { wall: 200 },
    });
    await expect(hanging).rejects.toThrow("it ran out of wall");
  });
});
