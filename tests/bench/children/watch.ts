// Times the host's WebAssembly from outside, by wrapping it before anybody looks: the product runs unchanged.

export interface Times {
  /** The first use of WebAssembly, as a time of this process. */
  first: number;
  /** Compilation by the host, its validation included. */
  compile: number;
  /** From the end of a compilation to the next instance: the kernel's rules, and reading the engine's image. */
  prepare: number;
  instantiate: number;
}

type Host = Record<string, new (...args: unknown[]) => object>;

export function watch(): Times {
  const times: Times = { first: 0, compile: 0, prepare: 0, instantiate: 0 };
  let compiled = 0;
  wrap("Module", (start, end) => {
    if (times.first === 0) times.first = start;
    times.compile += end - start;
    compiled = end;
  });
  wrap("Instance", (start, end) => {
    if (compiled > 0) times.prepare += start - compiled;
    times.instantiate += end - start;
    compiled = 0;
  });
  return times;
}

function wrap(name: string, note: (start: number, end: number) => void): void {
  const host = WebAssembly as unknown as Host;
  host[name] = new Proxy(host[name]!, {
    construct(target, args) {
      const start = performance.now();
      try {
        return Reflect.construct(target, args) as object;
      } finally {
        note(start, performance.now());
      }
    },
  });
}
