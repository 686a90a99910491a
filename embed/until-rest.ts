// Waiting for a guest that has answered: it may be busy behind its answer.
import type { Domain } from "../kernel/index.ts";
import { later } from "./engine.ts";

/** Once it rests, usage is whole, and the same for the same run. */
export async function untilRest(domain: Domain, isPaused = (): boolean => false): Promise<void> {
  const isBusy = (): boolean => !domain.isWaiting() && !isPaused();
  for (let i = 0; i < 4 && isBusy(); i++) await undefined;
  while (isBusy()) await new Promise<void>(later);
}
