// What begins the bytes of a state, and how values are told apart in them.

export const MAGIC = 0x50_53_54_31; // "PST1"
export const [FALSE, TRUE, NUMBER, TEXT] = [0, 1, 2, 3] as const;

/** Tells machines apart (FNV-1a): a mistake is found, an attacker is not kept out by it but by B1. */
export function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
