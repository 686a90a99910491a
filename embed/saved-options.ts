// What may be said of a snapshot, apart from what makes it: sandboxes that are never saved need not load that.
import { DEFAULT_WAIT } from "./copy.ts";
import { checkKeys, readWait } from "./options.ts";

export interface SnapshotOptions {
  /**
   * At least 16 secret bytes. Default: none, and whoever restores it rebuilds its authority: the clock, and what a policy
   * remembers of the guest, are lost then.
   */
  readonly key?: Uint8Array | undefined;
  /** How long to wait until the sandbox rests, in ms. Default: 1,000. */
  readonly wait?: number | undefined;
}

/** What `snapshot` was told, checked. */
export function readSnapshotOptions(given: SnapshotOptions) {
  const { key, wait = DEFAULT_WAIT } = readWait<SnapshotOptions>(checkKeys(given, ["key", "wait"], "snapshot"));
  return { key, wait };
}
