// The lines of the table, in their order: only what each is about. What it says is made for those alone that are shown.
import { isOpen, type Look, rowsIn, type Sort } from "./look.ts";
import { type DomainRow, STATES, type Stats, type TenantRow } from "./rows.ts";

export interface Line {
  /** Stays the same from one look to the next. */
  readonly key: string;
  /** Whose it is. */
  readonly tenant: string | undefined;
  readonly about:
    | { readonly kind: "tenant"; readonly row: TenantRow; readonly isOpen: boolean }
    | { readonly kind: "domain"; readonly row: DomainRow; readonly isBelow: boolean }
    | { readonly kind: "more"; readonly text: string };
}

type Rated = Pick<TenantRow, "used" | "perSecond">;
type Key<T> = (row: T) => number;

const KEYS: Readonly<Record<Exclude<Sort, "running" | "name">, Key<Rated>>> = {
  fuel: ({ perSecond }) => perSecond.fuel,
  memory: ({ used }) => used.memory,
  calls: ({ perSecond }) => perSecond.calls,
};
const none: Key<unknown> = () => 0;

const byKey = <T>(rows: readonly T[], key: Key<T>, then: (a: T, b: T) => number): T[] =>
  [...rows].sort((a, b) => key(b) - key(a) || then(a, b));

/** The busiest first; equal ones by their names. */
export function sortedTenants(rows: readonly TenantRow[], by: Sort): TenantRow[] {
  const key = by === "running" ? ({ running }: TenantRow) => running : by === "name" ? none : KEYS[by];
  return byKey(rows, key, (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The busiest first; equal ones by their age. */
export function sortedDomains(rows: readonly DomainRow[], by: Sort): DomainRow[] {
  const key = by === "running" ? ({ state }: DomainRow) => -STATES.indexOf(state) : by === "name" ? none : KEYS[by];
  return byKey(rows, key, (a, b) => a.id - b.id);
}

const plural = (count: number, what: string): string =>
  `${count.toLocaleString("en-US")} more ${what}${count === 1 ? "" : "s"}`;

/** What has no line of its own. */
const more = (key: string, tenant: string | undefined, count: number, what: string): Line[] =>
  count > 0 ? [{ key, tenant, about: { kind: "more", text: `and ${plural(count, what)}` } }] : [];

const domainLine = (row: DomainRow, isBelow: boolean): Line => ({
  ...{ key: `d ${row.id}`, tenant: row.tenant },
  about: { kind: "domain", row, isBelow },
});

function byTenant(domains: readonly DomainRow[]): Map<string, DomainRow[]> {
  const all = new Map<string, DomainRow[]>();
  for (const domain of domains) {
    const known = all.get(domain.tenant);
    if (known === undefined) all.set(domain.tenant, [domain]);
    else known.push(domain);
  }
  return all;
}

function domainsBelow({ name, sandboxes }: TenantRow, rows: readonly DomainRow[], look: Look): Line[] {
  const shown = sortedDomains(rows, look.by).slice(0, rowsIn(look));
  return [...shown.map((row) => domainLine(row, true)), ...more(`m ${name}`, name, sandboxes - shown.length, "domain")];
}

function tenantLines({ tenants, domains, totals }: Stats, look: Look): Line[] {
  const isTree = look.view === "tree";
  const below = isTree ? byTenant(domains) : new Map<string, DomainRow[]>();
  const lines = sortedTenants(tenants, look.by).flatMap((row): Line[] => {
    const [{ name }, isUnfolded] = [row, isTree && isOpen(look, row.name)];
    const line: Line = { key: `t ${name}`, tenant: name, about: { kind: "tenant", row, isOpen: isUnfolded } };
    return isUnfolded ? [line, ...domainsBelow(row, below.get(name) ?? [], look)] : [line];
  });
  return [...lines, ...more("m", undefined, totals.tenants - tenants.length, "tenant")];
}

export function bodyOf(stats: Stats, look: Look): Line[] {
  if (look.view !== "domains") return tenantLines(stats, look);
  const shown = sortedDomains(stats.domains, look.by).slice(0, rowsIn(look));
  return [
    ...shown.map((row) => domainLine(row, false)),
    ...more("m", undefined, stats.totals.domains - shown.length, "domain"),
  ];
}
