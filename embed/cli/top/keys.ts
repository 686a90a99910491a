// Keys of a terminal while something is watched: q and Ctrl-C end it, and so does what ends a process.
import { emitKeypressEvents } from "node:readline";

export interface Keys {
  /** The same lines, until somebody wants to leave. */
  until<T>(lines: AsyncIterable<T>): AsyncGenerator<T>;
  release(): void;
}

interface Key {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `onKey`: by the names of node:readline; a character that has none is itself. */
export function onKeys(onKey: (key: string) => void): Keys {
  const { stdin } = process;
  const left = Promise.withResolvers<undefined>();
  const leave = (): void => left.resolve(undefined);
  const press = (_text: unknown, { name, sequence = "", ctrl = false }: Key): void => {
    if (ctrl) return name === "c" ? leave() : undefined;
    if (name === "q") leave();
    else onKey(name ?? sequence);
  };
  const hasRawMode = stdin.isTTY === true;
  if (hasRawMode) stdin.setRawMode(true);
  emitKeypressEvents(stdin);
  stdin.on("keypress", press);
  stdin.resume();
  for (const signal of SIGNALS) process.on(signal, leave);
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
      stdin.off("keypress", press);
      for (const signal of SIGNALS) process.off(signal, leave);
      if (hasRawMode) stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
