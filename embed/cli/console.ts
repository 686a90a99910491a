// Where the lines of a guest go.
import type { Parsed } from "./arguments.ts";
import { guestText, stderr, stdout } from "./terminal.ts";

type Sink = (level: string, text: string) => void;

/** log, info and debug go to stdout, warn and error to stderr; with --json stdout is for the one result. */
export function consoleOf(parsed: Parsed): Sink {
  const [out, err] = [parsed.has("json") ? stderr() : stdout(), stderr()];
  return (level, text) => {
    const screen = level === "warn" || level === "error" ? err : out;
    screen.write(`${guestText(screen, text)}\n`);
  };
}
