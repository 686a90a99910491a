// What of the statistics is looked at.

export const SORTS = ["fuel", "memory", "calls", "running", "name"] as const;
export type Sort = (typeof SORTS)[number];

/** `tree`: tenants, with their domains below them. The others: one kind alone. */
export const VIEWS = ["tree", "domains", "tenants"] as const;
export type View = (typeof VIEWS)[number];

export interface Look {
  readonly by: Sort;
  readonly view: View;
  /** Domains of each tenant, or in all where there are no tenants between them. Undefined: as many as is usual. */
  readonly rows: number | undefined;
  /** Whether domains are shown below their tenants; and tenants of which it is otherwise. */
  readonly areOpen: boolean;
  readonly turned: ReadonlySet<string>;
  /** The line that is selected, and where it was seen; the first line on the screen. */
  readonly at: string | undefined;
  readonly index: number;
  readonly top: number;
  readonly isHelp: boolean;
}

export const newLook = (by: Sort = "fuel", view: View = "tree", rows?: number): Look => ({
  ...{ by, view, rows, areOpen: true, turned: new Set<string>() },
  ...{ at: undefined, index: 0, top: 0, isHelp: false },
});

/** In the list of all domains there is no need to be short: it is scrolled. */
export const USUAL_ROWS = 10;
export const rowsIn = ({ rows, view }: Look): number => rows ?? (view === "tree" ? USUAL_ROWS : Infinity);

export const isOpen = ({ areOpen, turned }: Look, tenant: string): boolean => areOpen !== turned.has(tenant);
