// What files cost, in bytes that an account is charged with.
import type { Account } from "../meter/index.ts";

export interface Tariff {
  /** For so many bytes read, or written, at an offset. */
  transfer(offset: number, length: number): number;
  /** Read for each look at a directory: to list it, to open or remove an entry. */
  readonly look: number;
  /** Written for an entry that was made by opening it, or removed. */
  readonly entry: number;
}

const BLOCK = 4_096;

function blocks(offset: number, length: number): number {
  const end = offset + length;
  const count = Math.floor(end / BLOCK) - Math.floor(offset / BLOCK) + (end % BLOCK === 0 ? 0 : 1);
  return BLOCK * count;
}

/** `bytes`: what is carried. `blocks`: as RepyV2 counts (emulfile), every block of 4,096 that is touched. */
export const TARIFFS = {
  bytes: { transfer: (_offset: number, length: number) => length, look: 0, entry: 0 },
  blocks: { transfer: blocks, look: BLOCK, entry: BLOCK },
} as const satisfies Readonly<Record<string, Tariff>>;

export type TariffName = keyof typeof TARIFFS;

/** Pays for a look: before it, since it costs even if nothing is found. */
export async function payLook(payer: Account, { look }: Tariff): Promise<void> {
  if (look === 0) return;
  await payer.wait("fileRead", 0);
  payer.charge("fileRead", look);
}

/** Reads when the rate allows it, and pays for what came. */
export async function payRead(
  payer: Account,
  tariff: Tariff,
  offset: number,
  work: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  await payer.wait("fileRead", 0);
  const bytes = await work();
  payer.charge("fileRead", tariff.transfer(offset, bytes.length));
  return bytes;
}

/** Pays, then writes: nothing is written that cannot be paid. What fails costs nothing. */
export async function payWrite<T>(payer: Account, cost: number, work: () => Promise<T>): Promise<T> {
  await payer.wait("fileWrite", 0);
  payer.charge("fileWrite", cost);
  try {
    return await work();
  } catch (error) {
    payer.refund("fileWrite", cost);
    throw error;
  }
}
