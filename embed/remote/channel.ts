// What carries frames between an embedder and a worker: a port of a thread, a pipe of a process.

export interface Channel {
  /** Sends a frame, which the channel may take away. Does nothing once it is closed. */
  post(frame: Uint8Array): void;
  /** Who hears of what the other side sends. Set once, before anything is awaited. */
  listen(onFrame: (frame: Uint8Array) => void, onClose: () => void): void;
  close(): void;
  /** Keep the process alive while something is awaited, or do not. */
  hold(isWanted: boolean): void;
}
