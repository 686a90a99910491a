// What `masks` hides in a text: every character that a mask marks becomes "*".
//
// Invariants
//   M1  Masks keep the length of a text, and hide whole what they find.
//   M2  Masking is stable: what is masked by some masks, and shortened, is not marked again by any of them. Each mask
//       marks runs or windows of characters that "*" does not belong to, by a condition that a part of an unmarked run
//       can never fulfil. Else a changed call would be changed further, and so refused.
//   M3  Linear time, no backtracking: no regular expression looks at more than one character.
// Not promised: that nothing else is hidden, as a long number that happens to hold a card's; that everything is found. Digits and letters of other scripts are seen only by "digits" and "all".

/** Marks in `marked` what is to be hidden. */
type Mark = (text: string, marked: Uint8Array) => void;

const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;
const isLetter = (unit: number): boolean => (unit | 32) >= 97 && (unit | 32) <= 122;
const holds = (units: string): ((unit: number) => boolean) => {
  const set = new Set(Array.from(units, (unit) => unit.charCodeAt(0)));
  return (unit) => set.has(unit);
};

/** Runs of characters as long as can be, `to` excluded. */
function* runs(text: string, isPart: (unit: number) => boolean): Generator<readonly [from: number, to: number]> {
  for (let from = 0, to = 0; from < text.length; from = to + 1) {
    for (to = from; to < text.length && isPart(text.charCodeAt(to)); ) to++;
    if (to > from) yield [from, to];
  }
}

/** Runs of which a condition holds; it must not hold of a part of a run if not of the whole. */
const markRuns =
  (isPart: (unit: number) => boolean, isFound: (text: string, from: number, to: number) => boolean): Mark =>
  (text, marked) => {
    for (const [from, to] of runs(text, isPart)) if (isFound(text, from, to)) marked.fill(1, from, to);
  };

const isLocal = holds("!#$%&'+-./=?^_`{|}~");
const isAddressPart = (unit: number): boolean =>
  isDigit(unit) || isLetter(unit) || isLocal(unit) || unit === 64 || unit >= 0x80;

/** Some "@" between two characters that can stand in an address. */
function hasAt(text: string, from: number, to: number): boolean {
  for (let at = from + 1; at < to - 1; at++) if (text[at] === "@") return true;
  return false;
}

/** As many digits as the shortest number that is dialled with its area. */
const LEAST_PHONE = 7;
const isPhonePart = holds("+0123456789 ()-./\u00a0");
function hasPhone(text: string, from: number, to: number): boolean {
  let digits = 0;
  for (let at = from; at < to; at++) digits += Number(isDigit(text.charCodeAt(at)));
  return digits >= LEAST_PHONE;
}

/** Digits of ISO/IEC 7812 numbers. */
const CARD_LENGTHS = [13, 14, 15, 16, 17, 18, 19];
const isCardPart = holds("0123456789 -.\u00a0");
const doubled = (digit: number): number => (digit > 4 ? 2 * digit - 9 : 2 * digit);

/** Where the digits of a run stand, and the sums by which Luhn's check of any window is one subtraction. */
function luhn(text: string, from: number, to: number) {
  const at: number[] = [];
  const sums: readonly [number[], number[]] = [[0], [0]];
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) continue;
    for (const odd of [0, 1] as const) {
      const weighed = at.length % 2 === odd ? doubled(digit) : digit;
      sums[odd].push((sums[odd].at(-1) as number) + weighed);
    }
    at.push(i);
  }
  return { at, sums };
}

/** Every window of a card's length in which Luhn's check holds, whatever stands around it. */
function markCards(text: string, marked: Uint8Array): void {
  for (const [from, to] of runs(text, isCardPart)) {
    const { at, sums } = luhn(text, from, to);
    for (let end = CARD_LENGTHS[0] as number; end <= at.length; end++) {
      // The last digit of a window counts once, the one before it twice.
      const sum = sums[end % 2 === 0 ? 0 : 1];
      const isCard = (n: number) => n <= end && ((sum[end] as number) - (sum[end - n] as number)) % 10 === 0;
      const length = CARD_LENGTHS.findLast(isCard);
      if (length !== undefined) marked.fill(1, at[end - length], (at[end - 1] as number) + 1);
    }
  }
}

const markDigits: Mark = (text, marked) => {
  let at = 0;
  for (const character of text) {
    if (/\p{Nd}/u.test(character)) marked.fill(1, at, at + character.length);
    at += character.length;
  }
};

const MARKS: ReadonlyMap<string, Mark> = new Map<string, Mark>([
  ["card-number", markCards],
  ["email", markRuns(isAddressPart, hasAt)],
  ["phone", markRuns(isPhonePart, hasPhone)],
  ["digits", markDigits],
  ["all", (_text, marked) => void marked.fill(1)],
]);

/** The masks there are. */
export const MASKS: readonly string[] = [...MARKS.keys()];

/** What any of the masks hides is hidden. A mask that does not exist hides everything. */
export function masked(text: string, masks: Iterable<string>): string {
  const marked = new Uint8Array(text.length);
  for (const mask of masks) (MARKS.get(mask) ?? (() => marked.fill(1)))(text, marked);
  if (!marked.includes(1)) return text;
  let out = "";
  for (let at = 0; at < text.length; at++) out += marked[at] === 1 ? "*" : text[at];
  return out;
}
