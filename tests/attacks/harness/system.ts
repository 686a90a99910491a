// What the harness needs to know of a system under test, so that one set of attacks judges several.

export interface Limits {
  /** Milliseconds. */
  readonly wall: number;
  /** Mebibytes. */
  readonly memory: number;
}

/** Names that become globals of the guest: host functions, or records of them. */
export type Grants = Readonly<Record<string, unknown>>;

export type Ending =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly name: string; readonly message: string }
  | { readonly kind: "stopped"; readonly why: string };

export interface System {
  readonly name: string;
  /** Programs by file name that must give "2,4,6" after any attack. */
  readonly next: Readonly<Record<string, string>>;
  /** Runs one guest to its end, with everything released afterwards. */
  run(source: string, file: string, grants: Grants, limits: Limits): Promise<Ending>;
}

export const NEXT = "[1, 2, 3].map((n) => n * 2).join()";

/** The limits that every attack gets: those of the catalogue. */
export const LIMITS: Limits = { wall: 250, memory: 64 };
