// What the parts of the bench hand to each other.

export type Unit = "ns" | "us" | "ms" | "s" | "x" | "calls" | "KB" | "fuel/ms" | "per GB";

/** One figure of one contender. */
export interface Entry {
  readonly who: string;
  /** What is reported: the median, or a quantile where the figure says so. Undefined: not measured, and `note` says why. */
  readonly value?: number;
  /** Taken in rounds: sample i of one entry is the neighbour in time of sample i of the others. */
  readonly samples: readonly number[];
  readonly note?: string;
}

/** One figure: a row of the table, with a row below it for each peer. */
export interface Line {
  /** Known to goals.ts: `group.figure`. */
  readonly id: string;
  readonly what: string;
  readonly unit: Unit;
  readonly entries: readonly Entry[];
  readonly note?: string;
}

/** The functions of the host that guests call, by kind of value. */
export interface HostFunctions {
  add(a: number, b: number): number;
  text(value: string): string;
  record(value: object): object;
  later(value: number): Promise<number>;
}

/** A sandbox, in as far as all contenders have one. */
export interface Box {
  /** The value of an expression; a promise of the guest is awaited. */
  evaluate(expression: string): unknown;
  close(): unknown;
  /** The fuel that an evaluation costs, where there is such a thing. */
  fuelOf?(expression: string): Promise<number>;
}

export interface Contender {
  readonly name: string;
  /** A new sandbox in which `setup` has run; guests reach the host's functions as `host.add` and so on. */
  open(setup: string, host?: HostFunctions): Promise<Box> | Box;
  /** Sandboxes that begin in the state that `setup` has made once, as fast as the contender can make them. */
  readonly warm?: (setup: string) => Promise<() => Promise<Box> | Box>;
  /** Each evaluation begins with a new sandbox: what it takes to begin is subtracted where a figure is about less. */
  readonly stateless?: true;
}

/** What a group gets: everybody who takes part, and who is missing and why. */
export interface Field {
  readonly cordon?: Contender;
  readonly contenders: readonly Contender[];
  readonly missing: ReadonlyMap<string, string>;
}

export interface Group {
  readonly name: string;
  readonly what: string;
  measure(field: Field, emit: (line: Line) => void): Promise<void>;
}
