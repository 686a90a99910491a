// Text in files is UTF-8, strictly: what is not text is refused, never silently repaired.
import { refuse } from "./refusal.ts";

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const encoder = new TextEncoder();

export function decodeText(bytes: Uint8Array, allegedPath: unknown): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return refuse("E_TEXT", String(allegedPath));
  }
}

/** UTF-8 of a text. Lone surrogates have none, and the encoder would write other characters in their place. */
export function encodeText(allegedText: unknown): Uint8Array {
  if (typeof allegedText !== "string") return refuse("E_VALUE", "text that is not a string");
  if (!allegedText.isWellFormed()) return refuse("E_VALUE", "text with half a character");
  return encoder.encode(allegedText);
}

export function checkBytes(allegedBytes: unknown): Uint8Array {
  return allegedBytes instanceof Uint8Array ? allegedBytes : refuse("E_VALUE", "bytes that are not a Uint8Array");
}

/** The bytes of text or bytes. */
export const contentsOf = (alleged: unknown): Uint8Array =>
  typeof alleged === "string" ? encodeText(alleged) : checkBytes(alleged);
