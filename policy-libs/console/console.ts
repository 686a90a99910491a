// Lines that a guest says, handed to a callback as they are. Whoever prints them escapes control characters: only the
// printer knows what its paper does with them.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { account } from "../meter/index.ts";
import { refuse } from "../refusal.ts";
import { CONSOLE, LEVELS, type Level, MOST_TEXT } from "./contract.ts";

/** Takes one line, without its end. It may hold anything else: escape control characters before a terminal sees it. */
export type TakeLine = (level: Level, line: string) => void;

export interface ConsolePlace {
  write(level: Level, text: string): Promise<void>;
}

/** Bytes of a text in UTF-8, a lone surrogate counting as the three of U+FFFD. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (code >= 0x10000) i++;
  }
  return bytes;
}

const linesOf = (text: string): string[] => text.replace(/\r?\n$/, "").split(/\r?\n/);

export function consolePlace(take: TakeLine): ConsolePlace {
  return {
    async write(level, text) {
      const payer = account();
      if (!LEVELS.includes(level)) refuse("E_VALUE", `a level: ${LEVELS.join(", ")}`);
      if (text.length > MOST_TEXT) refuse("E_TOO_LARGE", `text of at most ${MOST_TEXT} characters`);
      await payer.wait("logBytes", 0);
      payer.charge("logBytes", byteLength(text) + 1);
      try {
        for (const line of linesOf(text)) take(level, line);
      } catch {
        // What the embedder's callback threw may name anything of the host.
        refuse("E_IO", "the host could not take the line");
      }
    },
  };
}

/** Grants saying lines. `take` gets each with its level; it escapes control characters if it prints them. */
export const consoleTo = (take: TakeLine): GrantedOf<typeof CONSOLE> => capability(CONSOLE, consolePlace(take));
