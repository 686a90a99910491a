// Reads sales.csv from the directory that it was granted as `files` and returns a report.

const REGIONS = ["North", "South", "East", "West", "Overseas"];

/** One line of CSV to its fields; a quoted field may hold commas and doubled quotes. */
function fieldsOf(line) {
  const fields = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map((field) => field.replace(/,$/, ""));
  if (!line.endsWith(",")) fields.pop(); // the empty match at the end
  return fields.map((field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
}

/** Money is counted in cents: 0.1 + 0.2 is not 0.3. */
const cents = (text) => Math.round(Number(text) * 100);
const money = (amount) => (amount / 100).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

function add(totals, key, amount) {
  totals.set(key, (totals.get(key) ?? 0) + amount);
}

function readSales(text) {
  const [head, ...lines] = text.trimEnd().split("\n");
  const names = fieldsOf(head);
  return lines.map((line) => Object.fromEntries(fieldsOf(line).map((field, at) => [names[at], field])));
}

const isComplete = ({ quantity, region }) => quantity !== "" && REGIONS.includes(region);

const sales = readSales(await files.readText("sales.csv"));
const good = sales.filter(isComplete);
const byRegion = new Map();
const byMonth = new Map();
const byProduct = new Map();
let returned = 0;

for (const { date, region, product, quantity, price } of good) {
  const amount = Number(quantity) * cents(price);
  add(byRegion, region, amount);
  add(byMonth, date.slice(0, 7), amount);
  add(byProduct, product, amount);
  if (amount < 0) returned -= amount;
}

const ranked = (totals) => [...totals].sort((a, b) => b[1] - a[1]);
const total = [...byRegion.values()].reduce((sum, amount) => sum + amount, 0);

console.log(`Sales report: ${sales.length} orders, ${sales.length - good.length} incomplete ones left out\n`);
for (const [region, amount] of ranked(byRegion)) {
  const share = ((100 * amount) / total).toFixed(1);
  console.log(`${region.padEnd(10)} ${money(amount).padStart(14)} ${share.padStart(6)} %  ${"#".repeat(Math.round(share))}`);
}
console.log(`${"Total".padEnd(10)} ${money(total).padStart(14)}\n`);

return {
  orders: sales.length,
  leftOut: sales.length - good.length,
  total: money(total),
  returned: money(returned),
  bestMonth: ranked(byMonth)[0][0],
  products: ranked(byProduct).map(([product, amount]) => `${product}: ${money(amount)}`),
};
