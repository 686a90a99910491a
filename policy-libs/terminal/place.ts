// What a terminal is made of: the host's streams, or a screen in memory.

/** Of a terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Who hears what a terminal says. */
export interface TerminalListener {
  onText(text: string): void;
  onResize(): void;
  /** Nothing more will be typed. */
  onEnd(): void;
}

/** A terminal, as the host or a test has it. */
export interface TerminalPlace {
  /** Resolves when there is room for more. */
  write(text: string): Promise<void> | void;
  size(): Size;
  /** What is typed goes to the listener from now on, until the returned function is called. */
  listen(listener: TerminalListener): () => void;
  /** Whether anybody wants what is typed now. */
  flow(isWanted: boolean): void;
  setRaw(isOn: boolean): void;
}
