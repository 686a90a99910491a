// What a policy asks, put to whoever sits at the terminal.
//
// Invariants
//   A1  Only what is typed after the question was shown answers it: a guest that says "press y" cannot have typed ahead.
//   A2  Nothing that a guest chose drives the terminal or looks like a line of ours: it is quoted, escaped and cut.
//   A3  No line, or its end, or Ctrl-C, is no yes.
import { openSync } from "node:fs";
import { ReadStream } from "node:tty";
import { inspect } from "node:util";
import { isGranted, type Question } from "../../../policy-libs/index.ts";
import type { Result } from "../../node/index.ts";
import { escapeControls, painter, type Screen, stderr } from "../terminal.ts";

const DRAIN = 50; // ms: what is typed ahead is there by then
const MOST_SHOWN = 300; // characters of one argument
const MOST_TYPED = 200; // characters of an answer

/** Where a question is put. */
export interface Place {
  readonly screen: Screen;
  /** Forgets what was typed already. */
  drain(signal: AbortSignal): Promise<void>;
  /** Shows a text and gives the line that is typed then; "" if none comes. */
  line(shown: string, signal: AbortSignal): Promise<string>;
}

/** The part of process.stdin that is used. */
export interface Input {
  on(event: string, listener: (data: unknown) => void): unknown;
  off(event: string, listener: (data: unknown) => void): unknown;
  pause(): unknown;
  resume(): unknown;
  readonly readableEnded: boolean;
}

/** Input is read while this lasts, and not a moment longer. Gives what `until` made of a piece; undefined: nothing came. */
function listen<T>(input: Input, signal: AbortSignal, until: (piece: string) => T | undefined): Promise<T | undefined> {
  return new Promise((resolve) => {
    const end = (value?: T): void => {
      for (const event of ENDS) input.off(event, onEnd);
      input.off("data", onData);
      signal.removeEventListener("abort", onEnd);
      input.pause();
      resolve(value);
    };
    const onEnd = (): void => end();
    const onData = (data: unknown): void => {
      const value = until(String(data));
      if (value !== undefined) end(value);
    };
    if (signal.aborted || input.readableEnded) return resolve(undefined);
    for (const event of ENDS) input.on(event, onEnd);
    input.on("data", onData);
    signal.addEventListener("abort", onEnd);
    input.resume();
  });
}
const ENDS = ["end", "close", "error"];

/** A terminal that hands on whole lines, as terminals do unless told otherwise. */
export const placeOf = (input: Input, screen: Screen): Place => ({
  screen,
  async drain(signal) {
    await listen(input, AbortSignal.any([signal, AbortSignal.timeout(DRAIN)]), () => undefined);
  },
  async line(shown, signal) {
    screen.write(shown);
    let typed = "";
    const whole = await listen(input, signal, (piece) => {
      typed += piece;
      return typed.includes("\n") || typed.length > MOST_TYPED ? typed : undefined;
    });
    // Whoever pressed Ctrl-D or Ctrl-C left the line open.
    if (whole === undefined) screen.write("\n");
    return whole ?? "";
  },
});

/** Whoever pressed Ctrl-D for a program that read to the end is still there. */
async function withKeyboard<T>(use: (place: Place) => Promise<T>): Promise<T> {
  if (!process.stdin.readableEnded) return await use(placeOf(process.stdin, stderr()));
  const again = new ReadStream(openSync("/dev/tty", "r"));
  try {
    return await use(placeOf(again, stderr()));
  } finally {
    again.destroy();
  }
}

/** The terminal of this process. */
export const atTerminal = (): Place => ({
  screen: stderr(),
  drain: (signal) => withKeyboard((place) => place.drain(signal)).catch(() => undefined),
  line: (shown, signal) => withKeyboard((place) => place.line(shown, signal)).catch(() => ""),
});

const oneLine = (text: string): string => escapeControls(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");

function argumentText(value: unknown): string {
  if (isGranted(value)) return "(a capability)";
  const text = oneLine(
    inspect(value, { depth: 3, breakLength: Infinity, maxArrayLength: 20, maxStringLength: MOST_SHOWN }),
  );
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text;
}

/** What is asked, on lines of its own. */
export function questionText({ call, policy, because, of, arguments: args }: Question, screen: Screen): string {
  const paint = painter(screen);
  const lines = [
    `${paint("yellow", "cordon:")} may the guest call ${paint("bold", `${oneLine(call)}(${args.map(argumentText).join(", ")})`)}?`,
    `  the policy ${oneLine(policy)} asks${of === undefined ? "" : ` ${oneLine(of)}`}${because === undefined ? "" : `: ${oneLine(because)}`}`,
  ];
  return `${lines.join("\n")}\n  y or n, then Enter: `;
}

/** Asks. What is not plainly a yes is a no. */
export async function ask(question: Question, place: Place, signal: AbortSignal): Promise<boolean> {
  const { screen } = place;
  await place.drain(signal);
  const answer = (await place.line(questionText(question, screen), signal)).trim().toLowerCase();
  const isYes = (answer === "y" || answer === "yes") && !signal.aborted;
  if (!isYes) screen.write("  no\n");
  return isYes;
}

/** One question after the other. */
export function asker(place: Place, signal: AbortSignal): (question: Question) => Promise<boolean> {
  let last: Promise<unknown> = Promise.resolve();
  return (question) => {
    const answer = last.then(() => ask(question, place, signal));
    last = answer;
    return answer;
  };
}

const isPolicyQuestion = (asked: unknown): asked is Question =>
  typeof asked === "object" && asked !== null && (asked as Partial<Question>).kind === "policy";

/** Goes on with a run, as often as it is interrupted by a policy's question. Any other question is left open. */
export async function answered<T>(
  first: Result<T>,
  signal: AbortSignal,
  place: Place = atTerminal(),
): Promise<Result<T>> {
  let result = first;
  while (result.status === "interrupted" && isPolicyQuestion(result.question)) {
    const isYes = await ask(result.question, place, signal);
    // An aborted run has ended by then, and says so.
    if (signal.aborted) await new Promise((resolve) => setImmediate(resolve));
    result = await result.continuation.resume(isYes);
  }
  return result;
}
