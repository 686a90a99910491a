// Keys of a terminal while something is watched: q and Ctrl-C end it.
export interface Keys {
  /** The same lines, until somebody wants to leave. */
  until<T>(lines: AsyncIterable<T>): AsyncGenerator<T>;
  release(): void;
}

const CTRL_C = "\x03";

export function onKeys(onKey: (key: string) => void): Keys {
  const { stdin } = process;
  const left = Promise.withResolvers<undefined>();
  const leave = (): void => left.resolve(undefined);
  const press = (data: Buffer): void => {
    for (const key of data.toString("utf8")) {
      if (key === "q" || key === CTRL_C) leave();
      else onKey(key);
    }
  };
  const hasRawMode = stdin.isTTY === true;
  if (hasRawMode) stdin.setRawMode(true);
  stdin.on("data", press);
  process.on("SIGINT", leave);
  return {
    async *until<T>(lines: AsyncIterable<T>): AsyncGenerator<T> {
      const from = lines[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([from.next(), left.promise]);
        if (next === undefined || next.done === true) break;
        yield next.value;
      }
      void from.return?.();
    },
    release() {
      stdin.off("data", press);
      process.off("SIGINT", leave);
      if (hasRawMode) stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
