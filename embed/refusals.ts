// What a policy says of a call that it refused, for audits: found again by the very bytes that the guest is given.
import type { Reply } from "../kernel/index.ts";
import type { Explanation } from "../policy-libs/index.ts";

const behind = new WeakMap<Uint8Array, Explanation>();

const bytesOf = (reply: Reply): Uint8Array =>
  reply instanceof Uint8Array ? reply : "failed" in reply ? reply.failed : reply.value;

export function noteRefusal(reply: Reply, why: Explanation): void {
  behind.set(bytesOf(reply), why);
}

/** Undefined: no policy refused it. */
export const refusalBehind = (answer: Uint8Array | undefined): Explanation | undefined => answer && behind.get(answer);
