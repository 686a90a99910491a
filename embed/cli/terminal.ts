// What goes to the terminal: colours only there, nothing of a guest that could drive it, progress only if slow.

export interface Screen {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly hasColors: boolean;
}

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

/** NO_COLOR, FORCE_COLOR and TERM are looked at by `hasColors`, which terminals have and nothing else. */
export const screenOf = (stream: Stream): Screen => ({
  write: (text) => void stream.write(text),
  isTerminal: stream.isTTY === true,
  hasColors: stream.isTTY === true && process.env["NO_COLOR"] === undefined && stream.hasColors?.() === true,
});

export const stdout = (): Screen => screenOf(process.stdout);
export const stderr = (): Screen => screenOf(process.stderr);

// C0 but tab and newline, DEL, C1, and the characters that turn the direction of text: a name could hide in them.
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const escaped = (character: string): string => {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
};

/** Text of a guest in a form that a terminal only shows. */
export const escapeControls = (text: string): string => text.replace(CONTROLS, escaped);

/** Text that stays in its line: no row of a table is a name's to write. */
export const escapeLine = (text: string): string => escapeControls(text).replace(/[\t\n]/g, escaped);

/** A guest's text, escaped if it goes to a terminal; a pipe gets it as it is. */
export const guestText = (screen: Screen, text: string): string => (screen.isTerminal ? escapeControls(text) : text);

const STYLES = { bold: 1, dim: 2, inverse: 7, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Paint = (style: keyof typeof STYLES, text: string) => string;

export const painter =
  ({ hasColors }: Screen): Paint =>
  (style, text) =>
    hasColors ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;

const SLOW = 1_000; // milliseconds

/** Says on the terminal what takes so long, once it does, and wipes it away at the end. */
export async function withProgress<T>(what: string, work: () => Promise<T>, screen = stderr()): Promise<T> {
  if (!screen.isTerminal) return await work();
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 1_000);
  const timer = setInterval(() => screen.write(`\r\x1b[Kcordon: ${what} (${seconds()} s)`), SLOW);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (seconds() >= 1) screen.write("\r\x1b[K");
  }
}
