// A real terminal: two streams of the host, usually process.stdin and process.stdout.
//
// Invariants
//   N1  After close() the input is paused and its mode is the usual one; so it is when the process exits.
import { StringDecoder } from "node:string_decoder";
import type { Size, TerminalListener, TerminalPlace } from "../terminal/place.ts";
import { type Terminal, type TerminalOptions, terminalOf } from "../terminal/terminal.ts";

type Listener = (...args: unknown[]) => void;

interface Emitter {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** The part of tty.ReadStream that is used; a pipe does too, but has no raw mode. */
export interface TerminalInput extends Emitter {
  pause(): unknown;
  resume(): unknown;
  setRawMode?(isOn: boolean): unknown;
}

/** The part of tty.WriteStream that is used; a pipe does too, and is of 80 columns and 24 rows. */
export interface TerminalOutput extends Emitter {
  write(text: string, done: (error?: Error | null) => void): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Which streams are the terminal. */
export interface HostTerminalOptions extends TerminalOptions {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
}

const USUAL: Size = { columns: 80, rows: 24 };

function listen(input: TerminalInput, output: TerminalOutput, listener: TerminalListener): () => void {
  const decoder = new StringDecoder("utf8");
  const onData = (data: unknown): void =>
    listener.onText(typeof data === "string" ? data : decoder.write(data as Uint8Array));
  const onEnd = (): void => listener.onEnd();
  // A terminal that goes away is an end of input and a failed write, and no reason for the process to die.
  const onError = (): void => undefined;
  const events: readonly [Emitter, string, Listener][] = [
    ...(["end", "close", "error"] as const).map((event): [Emitter, string, Listener] => [input, event, onEnd]),
    [output, "resize", () => listener.onResize()],
    [output, "error", onError],
    [input, "data", onData],
  ];
  // Listening for data begins to read, unless the stream was told to pause.
  input.pause();
  for (const [emitter, event, own] of events) emitter.on(event, own);
  return () => {
    for (const [emitter, event, own] of events) emitter.off(event, own);
  };
}

function setRaw(input: TerminalInput, isOn: boolean): void {
  if (input.setRawMode === undefined) throw new Error("no raw mode");
  input.setRawMode(isOn);
}

function placeOf({ input, output }: HostTerminalOptions): TerminalPlace {
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        output.write(text, (error) => (error === undefined || error === null ? resolve() : reject(error)));
      }),
    size: () => ({ columns: output.columns ?? USUAL.columns, rows: output.rows ?? USUAL.rows }),
    listen: (listener) => listen(input, output, listener),
    flow: (isWanted) => void (isWanted ? input.resume() : input.pause()),
    setRaw: (isOn) => setRaw(input, isOn),
  };
}

/** Grants a terminal of the host. Close it: until then it is the guest's, and the process may stay alive for its keys. */
export function terminal(options: HostTerminalOptions): Terminal {
  /** As the terminal itself does it without raw mode; taken back first, as the signal may end the process at once. */
  function interrupt(): void {
    end();
    process.kill(process.pid, "SIGINT");
  }
  const { granted, close } = terminalOf(placeOf(options), {
    ...options,
    onInterrupt: options.onInterrupt ?? interrupt,
  });
  function end(): void {
    process.off("exit", end);
    close();
  }
  process.on("exit", end);
  return Object.freeze({ granted, close: end });
}
