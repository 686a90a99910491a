// A thread that serves sandboxes, by tinypool: a pool of one, because sandboxes stay where they are.
//
// Its one task says that it serves and is over; what serves is held by the port. So an idle thread keeps no process alive.
import { MessageChannel } from "node:worker_threads";
import { Tinypool } from "tinypool";
import type { Hired } from "../../remote/worker-place.ts";
import { packageFiles } from "./files.ts";
import { portChannel } from "./port.ts";

const isMemory = (error: unknown): boolean =>
  (error as { readonly code?: unknown } | null)?.code === "ERR_WORKER_OUT_OF_MEMORY";

export async function hireThread(): Promise<Hired> {
  const threads = new Tinypool({
    ...{ filename: packageFiles().entry("thread-entry"), runtime: "worker_threads", minThreads: 1, maxThreads: 1 },
    ...{ useAtomics: false, env: {}, argv: [], execArgv: [] },
  });
  const { port1, port2 } = new MessageChannel();
  let why: string | undefined;
  let isLeaving: Promise<void> | undefined;
  const dismiss = (): Promise<void> => {
    isLeaving ??= threads.destroy().catch(() => undefined);
    port1.close();
    return isLeaving;
  };
  const failed = (error: unknown): void => {
    why ??= isMemory(error) ? "out of memory" : `it failed: ${error instanceof Error ? error.message : "unknown"}`;
    port1.close();
  };
  threads.on("error", failed);
  threads.run({ port: port2 }, { transferList: [port2] }).catch(failed);
  return { channel: portChannel(port1), why: () => why, isFaulty: () => why !== undefined, dismiss };
}
