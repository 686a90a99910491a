// Makes data/sales.csv, the same bytes every time: `node samples/02-report/make-data.ts`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const ROWS = 4_000;
const DAYS = 365;
const FIRST_DAY = Date.UTC(2025, 0, 1);

const REGIONS = ["North", "South", "East", "West", "Overseas"];
const CUSTOMERS = [
  "Aldous & Sons",
  "Brandt, Keller, Co.",
  'Cafe "Zur Post"',
  "Delta Foods",
  "Eriksen AS",
  "Ferro, Lda",
  "Grünwald",
  "Hôtel du Lac",
];
const PRODUCTS: readonly (readonly [name: string, cents: number])[] = [
  ["Espresso beans 1 kg", 1890],
  ["Filter paper, 100 pcs", 340],
  ["Grinder M2", 24900],
  ["Milk jug 0.6 l", 2450],
  ["Descaler", 990],
  ["Cup, white", 620],
];

/** A linear congruential generator (Numerical Recipes): plain numbers that any reader can check. */
function newRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function row(id: number, random: (below: number) => number): string {
  const day = new Date(FIRST_DAY + Math.floor((id * DAYS) / ROWS) * 86_400_000).toISOString().slice(0, 10);
  const [product, cents] = PRODUCTS[random(PRODUCTS.length)] ?? ["", 0];
  const isReturn = random(40) === 0;
  // Some rows are as real files have them: without a number, or with a region that nobody knows.
  const quantity = random(300) === 0 ? "" : String((isReturn ? -1 : 1) * (1 + random(12)));
  const region = random(500) === 0 ? "?" : (REGIONS[random(REGIONS.length)] ?? "");
  const customer = quoted(CUSTOMERS[random(CUSTOMERS.length)] ?? "");
  return [100_000 + id, day, region, customer, quoted(product), quantity, (cents / 100).toFixed(2)].join(",");
}

/** The whole file. */
export function salesCsv(): string {
  const random = newRandom(2025);
  const rows = Array.from({ length: ROWS }, (_, id) => row(id, random));
  return `order,date,region,customer,product,quantity,price\n${rows.join("\n")}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(import.meta.dirname, "data/sales.csv"), salesCsv());
