// Keys of a terminal while something is watched: q and Ctrl-C end it, and so does what ends a process; Ctrl-Z stops it
// until the shell lets it go on.
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

export interface KeyHandlers {
  /** By the names of node:readline; a character that has none is itself. */
  onKey(key: string): void;
  /** The process is about to stop: the terminal is somebody else's. */
  onStop(): void;
  /** It goes on. */
  onContinue(): void;
}

export function onKeys({ onKey, onStop, onContinue }: KeyHandlers): Keys {
  const { stdin } = process;
  const left = Promise.withResolvers<undefined>();
  const leave = (): void => left.resolve(undefined);
  const stop = (): void => {
    onStop();
    stdin.setRawMode(false);
    process.once("SIGCONT", () => {
      stdin.setRawMode(true);
      onContinue();
    });
    process.kill(process.pid, "SIGTSTP");
  };
  const press = (_text: unknown, { name, sequence = "", ctrl = false }: Key): void => {
    if (ctrl && name === "z" && hasRawMode && process.platform !== "win32") return stop();
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
