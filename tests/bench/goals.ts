// The goals: the table of numbers. A figure with no row here is published and judged by nobody.

export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
  /** The goal is of the ratio of cordon to this contender; without it, of cordon's figure in its unit. */
  readonly against?: string;
}

// biome-ignore format: a table
export const GOALS: Readonly<Record<string, readonly Goal[]>> = {
  "create.whole":        [{ atMost: 0.7 }, { atMost: 1, against: "isolated-vm" }],
  "forks.whole":         [{ atMost: 0.12 }],
  "density.resident":    [{ atLeast: 3500 }],
  "density.live":        [{ atMost: 2 }],
  "idle.resident":       [{ atLeast: 40_000 }],
  "idle.wake":           [{ atMost: 20 }],
  "calls.numbers":       [{ atMost: 0.5 }, { atMost: 1, against: "isolated-vm" }],
  "calls.text":          [{ atMost: 0.9 }, { atMost: 1, against: "isolated-vm" }],
  "calls.record":        [{ atMost: 3 }, { atMost: 1.2, against: "isolated-vm" }],
  "calls.async":         [{ atMost: 5 }],
  "capabilities.check":  [{ atMost: 0.5 }],
  "capabilities.layer":  [{ atMost: 6 }],
  "capabilities.layers": [{ atMost: 60 }],
  "capabilities.awaited": [{ atMost: 6 }],
  "capabilities.awaited.layers": [{ atMost: 60 }],
  "capabilities.revoke": [{ atMost: 5 }],
  "policies.gate":       [{ atMost: 15 }],
  "policies.decision":   [{ atMost: 3000 }],
  "policies.load":       [{ atMost: 50 }],
  "policies.narrower":   [{ atMost: 2000 }],
  "compute.mean.quickjs-wasi": [{ atMost: 1.4 }],
  "compute.fuel.spread": [{ atMost: 4 }],
  "verify.warm":         [{ atMost: 15 }],
  "verify.cold":         [{ atMost: 40 }],
  "compile.locals":      [{ atMost: 100 }],
  "compile.tables":      [{ atMost: 100 }],
  "compile.straight":    [{ atMost: 100 }],
  "compile.operands":    [{ atMost: 100 }],
  "compile.calls":       [{ atMost: 100 }],
  "compile.module":      [{ atMost: 100 }],
  "instructions.divide": [{ atMost: 1.2, against: "unchecked" }],
  "instructions.none":  [{ atMost: 1.05, against: "unchecked" }],
  "segments.plain":      [{ atMost: 1.2 }],
  "segments.engine":     [{ atMost: 1.4 }],
  "depth.plain":         [{ atLeast: 1000 }],
  "cold.javascript":     [{ atMost: 5, against: "node -e 0" }],
  "cold.typescript":     [{ atMost: 8, against: "node -e 0" }],
  "delay.spin":          [{ atMost: 10 }],
  "delay.memory":        [{ atMost: 10 }],
  "delay.json":          [{ atMost: 10 }],
  "delay.bigint":        [{ atMost: 10 }],
  "delay.strings":       [{ atMost: 10 }],
  "abort.spin":          [{ atMost: 20 }],
  "abort.memory":        [{ atMost: 20 }],
  "abort.json":          [{ atMost: 20 }],
  "abort.bigint":        [{ atMost: 20 }],
  "abort.strings":       [{ atMost: 20 }],
  "fairness.slowest":    [{ atLeast: 0.8 }],
  "fairness.shares":     [{ atMost: 1.05 }],
};
