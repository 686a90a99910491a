// What the harness needs of the host that it runs on: one view for Node, one for browsers.

export interface HostView {
  isProxy(value: unknown): boolean;
  /** As a host would show a value to a person. */
  inspect(value: unknown): string;
  /** After the host's own events. */
  turn(): Promise<void>;
  /** What it gives answers by how many MiB the peak since exceeds what is resident now. */
  watchMemory(): () => number;
  /** Is the host at rest? It takes a moment to tell. */
  isIdle(): Promise<boolean>;
  /** Collects garbage where the host can be asked to. */
  collect(): void;
  /** Rejections that nobody has handled since it was asked last. */
  unhandled(): number;
}
