// Text on a terminal: how wide it is, and numbers in few characters.

// Two columns wide: East Asian scripts, full forms, emoji. No columns: what combines with the character before.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NONE = /[\p{M}\p{Cf}]/u;

const widthOfOne = (character: string): number => {
  if (character < "\u0300") return 1;
  if (WIDE.test(character)) return 2;
  return NONE.test(character) ? 0 : 1;
};

/** Columns of a text that was escaped. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width;
}

/** What of it fits, with a sign that it was cut. */
export function clip(text: string, most: number): string {
  if (text.length <= most && widthOf(text) <= most) return text;
  if (most < 1) return "";
  let [kept, width] = ["", 0];
  for (const character of text) {
    width += widthOfOne(character);
    if (width > most - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

export function pad(text: string, width: number, isRight: boolean): string {
  const blanks = " ".repeat(Math.max(width - widthOf(text), 0));
  return isRight ? blanks + text : text + blanks;
}

/** In the largest unit of which there is one, also once it is rounded. */
function inUnits(n: number, units: readonly (readonly [number, string])[]): string | undefined {
  const unit = units.find(([size]) => Number((n / size).toFixed(1)) >= 1);
  return unit === undefined ? undefined : `${(n / unit[0]).toFixed(1)}${unit[1]}`;
}

const COUNTS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;
const SIZES = [
  [2 ** 30, " GiB"],
  [2 ** 20, " MiB"],
  [2 ** 10, " KiB"],
] as const;

/** 1234567 is 1.2M. */
export const short = (n: number): string => (n < 999.5 ? String(Math.round(n)) : (inUnits(n, COUNTS) as string));

export const bytes = (n: number): string => (n < 1023.5 ? `${Math.round(n)} B` : (inUnits(n, SIZES) as string));

const DAY = 86_400; // seconds

/** hh:mm:ss, and from a day on days and hours. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (part: number): string => String(Math.floor(part)).padStart(2, "0");
  if (seconds >= DAY) return `${Math.floor(seconds / DAY)}d ${two((seconds % DAY) / 3600)}h`;
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(two).join(":");
}
