// Times the host's WebAssembly from outside, by wrapping it before anybody looks: the product runs unchanged.
// The kernel validates, verifies and compiles in one go, so verification is what lies between the other two.

export interface Times {
  /** The first use of WebAssembly, as a time of this process. */
  first: number;
  validate: number;
  verify: number;
  compile: number;
  instantiate: number;
}

type Host = Record<string, (...args: unknown[]) => unknown>;

export function watch(): Times {
  const times: Times = { first: 0, validate: 0, verify: 0, compile: 0, instantiate: 0 };
  const host = WebAssembly as unknown as Host;
  let validated = 0;
  const wrap = (name: string, before: () => void, after: (ms: number) => void): void => {
    const original = host[name]!;
    host[name] = new Proxy(original, {
      apply: (target, self, args) => clocked(() => Reflect.apply(target, self, args), before, after),
      construct: (target, args) => clocked(() => Reflect.construct(target, args) as object, before, after),
    });
  };
  const add = (part: "compile" | "instantiate") => (ms: number) => {
    times[part] += ms;
  };
  const validating = (): void => {
    if (times.first === 0) times.first = performance.now();
  };
  const compiling = (): void => {
    if (validated > 0) times.verify += performance.now() - validated;
    validated = 0;
  };
  wrap("validate", validating, (ms) => {
    times.validate += ms;
    validated = performance.now();
  });
  wrap("Module", compiling, add("compile"));
  wrap("Instance", compiling, add("instantiate"));
  return times;
}

function clocked<T>(work: () => T, before: () => void, after: (ms: number) => void): T {
  before();
  const start = performance.now();
  try {
    return work();
  } finally {
    after(performance.now() - start);
  }
}
