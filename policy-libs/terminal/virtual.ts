// A terminal in memory: what the guest writes is on a screen to look at, and the host types.
import { MOST_SIZE } from "./contract.ts";
import type { Size, TerminalListener, TerminalPlace } from "./place.ts";
import { newScreen, type Screen } from "./screen.ts";
import { type Terminal, type TerminalOptions, terminalOf } from "./terminal.ts";

/** A terminal in memory: its screen, and its keys. */
export interface VirtualTerminal extends Terminal, Pick<Screen, "lines" | "cursor" | "isCursorVisible"> {
  /** Types text, or the sequences of keys: "\x1b[A" is the arrow up. It waits until a key is asked for. */
  type(text: string): void;
  /** Nothing more will be typed. */
  endInput(): void;
  resize(size: Size): void;
  isRaw(): boolean;
}

/** Its size, and what a guest may do to it. */
export interface VirtualTerminalOptions extends TerminalOptions, Partial<Size> {}

/** UTF-16 units that are typed and not read. */
const MOST_TYPED = 65_536;
const [COLUMNS, ROWS] = [80, 24];

function checkSize({ columns, rows }: Size): Size {
  const isCount = (count: number): boolean => Number.isInteger(count) && count >= 1 && count <= MOST_SIZE;
  if (isCount(columns) && isCount(rows)) return { columns, rows };
  throw new TypeError(`columns and rows must be whole numbers from 1 to ${MOST_SIZE}`);
}

interface Keyboard {
  typed: string;
  isWanted: boolean;
  isRaw: boolean;
  size: Size;
  listener: TerminalListener | undefined;
}

function deliver(keyboard: Keyboard): void {
  const { typed, isWanted } = keyboard;
  if (!isWanted || typed === "") return;
  keyboard.typed = "";
  keyboard.listener?.onText(typed);
}

function placeOf(keyboard: Keyboard, screen: Screen): TerminalPlace {
  return {
    write: (text) => screen.write(text),
    size: () => keyboard.size,
    listen(listener) {
      keyboard.listener = listener;
      return () => {
        keyboard.listener = undefined;
      };
    },
    flow(isWanted) {
      keyboard.isWanted = isWanted;
      deliver(keyboard);
    },
    setRaw(isOn) {
      keyboard.isRaw = isOn;
    },
  };
}

/** A terminal in memory, of 80 columns and 24 rows unless it is said otherwise. */
export function virtualTerminal(options: VirtualTerminalOptions = {}): VirtualTerminal {
  const { columns = COLUMNS, rows = ROWS, ...rest } = options;
  const size = checkSize({ columns, rows });
  const screen = newScreen(size);
  const keyboard: Keyboard = { typed: "", isWanted: false, isRaw: false, size, listener: undefined };
  return Object.freeze({
    ...terminalOf(placeOf(keyboard, screen), rest),
    ...{ lines: screen.lines, cursor: screen.cursor, isCursorVisible: screen.isCursorVisible },
    type(text: string) {
      if (keyboard.typed.length + text.length > MOST_TYPED) throw new RangeError("more is typed than can wait");
      keyboard.typed += text;
      deliver(keyboard);
    },
    endInput() {
      keyboard.listener?.onEnd();
    },
    resize(to: Size) {
      keyboard.size = checkSize(to);
      screen.resize(keyboard.size);
      keyboard.listener?.onResize();
    },
    isRaw: () => keyboard.isRaw,
  });
}
