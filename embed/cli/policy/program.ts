// A WebAssembly program under a policy that asks: the program and whoever answers use one keyboard.
import { type PolicySource, policy } from "../../../policy-libs/index.ts";
import { asker, atTerminal } from "./approve.ts";

/** The policy, with somebody to ask where nobody was named. */
export function askedFor(source: PolicySource, signal: AbortSignal): PolicySource {
  const { text, options } = source;
  return options.approve === undefined
    ? policy.text(text, { ...options, approve: asker(atTerminal(), signal) })
    : source;
}

function nextPiece(): Promise<Uint8Array | undefined> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const end = (piece?: Uint8Array): void => {
      for (const event of ["end", "close", "error"]) stdin.off(event, onEnd);
      stdin.off("data", end);
      stdin.pause();
      resolve(piece);
    };
    const onEnd = (): void => end();
    if (stdin.readableEnded) return resolve(undefined);
    for (const event of ["end", "close", "error"]) stdin.on(event, onEnd);
    stdin.on("data", end);
    stdin.resume();
  });
}

/** Standard input, of which nothing is read but when the program asks: what is typed after a question is its answer. */
export async function* sharedInput(): AsyncGenerator<Uint8Array> {
  for (let piece = await nextPiece(); piece !== undefined; piece = await nextPiece()) yield piece;
}
