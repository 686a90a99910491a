// Ctrl-C while a guest runs.
import { EXIT } from "./exit.ts";

export interface Stop {
  readonly signal: AbortSignal;
  readonly wasPressed: () => boolean;
  readonly release: () => void;
}

/** The first Ctrl-C ends the guest, the second this process, whatever it does. */
export function onCtrlC(): Stop {
  const controller = new AbortController();
  const press = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.ctrlC.code);
    controller.abort();
  };
  process.on("SIGINT", press);
  return {
    signal: controller.signal,
    wasPressed: () => controller.signal.aborted,
    release: () => void process.off("SIGINT", press),
  };
}
