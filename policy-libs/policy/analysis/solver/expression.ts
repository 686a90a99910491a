// What a solver writes: S-expressions. It may write anything.

export type Expression = string | readonly Expression[];

/** Of one answer. An invariant of ten registers has some thousand. */
const MAX_TOKENS = 200_000;
const MAX_DEPTH = 2_000;

const TOKEN = /\s+|;[^\n]*|("(?:[^"]|"")*"|\|[^|]*\||[()]|[^\s()"|;]+)/gy;

function tokensOf(text: string): readonly string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (found === null || tokens.length > MAX_TOKENS) return undefined;
    if (found[1] !== undefined) tokens.push(found[1]);
  }
  return tokens;
}

/** All expressions of a text, one after the other; undefined: it is none. */
export function expressionsIn(text: string): readonly Expression[] | undefined {
  const open: Expression[][] = [[]];
  for (const token of tokensOf(text) ?? [")"]) {
    const last = open.at(-1) as Expression[];
    if (token === "(") open.push([]);
    else if (token !== ")") last.push(token);
    else if (open.length === 1) return undefined;
    else open.at(-2)?.push(open.pop() as Expression[]);
    if (open.length > MAX_DEPTH) return undefined;
  }
  return open.length === 1 ? open[0] : undefined;
}

export const textOf = (expression: Expression): string =>
  typeof expression === "string" ? expression : `(${expression.map(textOf).join(" ")})`;
