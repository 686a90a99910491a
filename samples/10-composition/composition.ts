// Three layers, one above the other: clamped above veiled above twice, above two shelves. None knows of the others.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Result, run, type StackedLayer, stack } from "cordon";
import { arg, capability, contract, type Granted, list, nothing, string } from "cordon/policy-libs";

const NAME = arg("name", string({ min: 1, max: 40 }));

const SHELF = contract({
  name: "shelf",
  allows: "keeping texts by name",
  never: "tells of texts that are not on it",
  calls: {
    put: { takes: [NAME, arg("text", string({ max: 1000 }))], gives: nothing(), refuses: [], about: "keeps a text" },
    get: { takes: [NAME], gives: string(), refuses: ["E_NOT_FOUND"], about: "gives it" },
    names: { takes: [], gives: list(string()), refuses: [], about: "what is kept" },
  },
});

const missing = (): never => {
  throw Object.assign(new Error("nothing has this name"), { code: "E_NOT_FOUND" });
};

const shelfOf = (texts: Map<string, string>): Granted =>
  capability(SHELF, {
    put: async (name, text) => void texts.set(name, text),
    get: async (name) => texts.get(name) ?? missing(),
    names: async () => [...texts.keys()].sort(),
  });

const source = (name: string): string => readFileSync(join(import.meta.dirname, "guests", `${name}.js`), "utf8");

const above = (name: string, drops: readonly string[] = []): StackedLayer => ({
  ...{ name, source: source(name), drops },
  offers: { shelf: SHELF },
});

const outcome = (result: Result): unknown => {
  if (result.status === "returned") return result.value;
  return result.status === "threw" ? result.error.message : result.status;
};

export interface Composition {
  readonly told: unknown;
  readonly below: Readonly<Record<string, string>>;
  readonly afterAChange: unknown;
  readonly afterTheMiddleEnded: unknown;
}

export async function composition(): Promise<Composition> {
  const [left, right] = [new Map([["ynj", "Or xvaq."]]), new Map([["ynj", "Or xvaq."]])];
  const shelves = { left: shelfOf(left), right: shelfOf(right) };
  using layers = await stack(shelves, [above("twice", ["left", "right"]), above("veiled"), above("clamped")]);
  const { grant } = layers;

  const told = outcome(await run({ source: source("program"), grant }));
  const below = Object.fromEntries(left);
  right.set("ynj", "Or pehry."); // somebody changed one of the two
  const afterAChange = outcome(await run({ source: "shelf.get('law')", grant }));
  layers.layers[1]?.dispose();
  const afterTheMiddleEnded = outcome(await run({ source: "shelf.get('draft-letter')", grant }));
  return { told, below, afterAChange, afterTheMiddleEnded };
}

if (process.argv[1] === import.meta.filename) console.log(await composition());
