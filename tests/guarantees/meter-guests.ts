// Real guests that use, fail, wait and end in every way, and the host functions that serve them.
import fc from "fast-check";
import { account, type Meter } from "../../policy-libs/index.ts";
import type { createSandbox } from "../embed/cordon.ts";

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Host functions that pay, fail and wait, and say what they really did. */
export function newWorks() {
  const did = { netSend: 0, fileWrite: 0, filesOpened: 0 };
  const going = new Set<Promise<unknown>>();
  const kept = <T>(work: Promise<T>): Promise<T> => {
    going.add(work);
    work.then(
      () => going.delete(work),
      () => going.delete(work),
    );
    return work;
  };
  const grant = {
    send(bytes: number) {
      account().charge("netSend", bytes);
      did.netSend += bytes;
    },
    fail(bytes: number) {
      const payer = account();
      payer.charge("fileWrite", bytes);
      payer.refund("fileWrite", bytes);
      throw new Error("the disk is gone");
    },
    open(ms: number) {
      const payer = account();
      payer.charge("filesOpened");
      did.filesOpened++;
      return kept(sleep(ms).finally(() => payer.refund("filesOpened")));
    },
    slow(bytes: number) {
      const payer = account();
      return kept(
        payer.wait("fileWrite", bytes).then(() => {
          did.fileWrite += bytes;
        }),
      );
    },
    breakAway: () => Object.assign(Promise.reject(new Error("no")), {}),
  };
  const rest = async (): Promise<void> => {
    while (going.size > 0) await Promise.allSettled([...going]);
  };
  return { did, grant, rest };
}

const anyCall = fc.oneof(
  fc.nat(50).map((n) => `works.send(${n})`),
  fc.nat(50).map((n) => `works.fail(${n})`),
  fc.nat(30).map((n) => `works.open(${n})`),
  fc.nat(30).map((n) => `works.slow(${n})`),
  fc.constantFrom("works.breakAway()", "works.send('x')", "works.open({})", "null.x", "for (let i = 0; i < 1e5; i++);"),
);
/** Each is tried; promises are kept, and awaited or not. */
const sourceOf = (calls: readonly string[], waits: boolean): string => `
  const kept = [];
  ${calls.map((call) => `try { kept.push(${call.startsWith("for") ? `(() => { ${call} })()` : call}); } catch {}`).join("\n")}
  ${waits ? "await Promise.allSettled(kept);" : "for (const one of kept) one?.catch?.(() => 0);"}
  return kept.length;`;

export const anyGuest = fc.record({
  calls: fc.array(anyCall, { maxLength: 12 }),
  waits: fc.boolean(),
  fate: fc.constantFrom("returns", "returns", "aborted", "disposed", "wall", "fuel", "frozen"),
  after: fc.nat(25),
});

export async function live(
  box: Awaited<ReturnType<typeof createSandbox>>,
  own: Meter,
  guest: { calls: readonly string[]; waits: boolean; fate: string; after: number },
) {
  const { calls, waits, fate, after } = guest;
  const tail = fate === "returns" ? "" : "\nfor (;;);";
  const source = sourceOf(calls, waits).replace("return kept.length;", `${tail}; return kept.length;`);
  const limits = fate === "wall" ? { wall: after + 5 } : { wall: 3_000, ...(fate === "fuel" ? { fuel: 200_000 } : {}) };
  const running = box.run(source, fate === "aborted" ? { limits, signal: AbortSignal.timeout(after) } : { limits });
  if (fate === "disposed") setTimeout(() => box.dispose(), after);
  if (fate === "frozen") {
    own.freeze();
    setTimeout(() => box.dispose(), after);
  }
  return await running;
}

export async function until(task: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !task(); i++) await sleep(5);
}
