// JavaScript source to a syntax tree, for tools that look at scripts without running them. Never on the path of `run`.
//
// On hostile input the parser takes seconds, or all of the stack: call it in a worker with a deadline.

/** A node of ESTree. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export type Parsed =
  | { readonly kind: "parsed"; readonly program: SyntaxNode }
  /** Line and column from 1. */
  | { readonly kind: "syntax"; readonly message: string; readonly line: number; readonly column: number }
  | { readonly kind: "too-deep" };

interface AcornError {
  readonly message: string;
  readonly pos: number;
  readonly loc?: { readonly line: number; readonly column: number };
}

const OPTIONS = {
  ecmaVersion: "latest",
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
  allowHashBang: true,
} as const;

/** acorn notices a stack that runs out, mostly. */
const isTooDeep = (error: unknown): boolean =>
  error instanceof RangeError || (error as AcornError).message.startsWith("Not enough stack space");

function complaint(error: unknown): Parsed {
  if (isTooDeep(error)) return { kind: "too-deep" };
  const { message, loc } = error as AcornError;
  if (loc === undefined) throw error;
  return { kind: "syntax", message: message.replace(/ \(\d+:\d+\)$/, ""), line: loc.line, column: loc.column + 1 };
}

/** Reads a module if it is one, else a script; of two errors the one that came further tells more. */
export async function parseScript(source: string): Promise<Parsed> {
  const acorn = await import("acorn");
  const parse = (sourceType: "module" | "script"): SyntaxNode =>
    acorn.parse(source, { ...OPTIONS, sourceType }) as unknown as SyntaxNode;
  try {
    return { kind: "parsed", program: parse("module") };
  } catch (asModule) {
    try {
      return { kind: "parsed", program: parse("script") };
    } catch (asScript) {
      return complaint((asScript as AcornError).pos > (asModule as AcornError).pos ? asScript : asModule);
    }
  }
}
