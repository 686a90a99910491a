// The leaky bucket of one renewable resource: a charge is never refused, a large one delays its own caller.
//
// Invariants
//   B1  After a charge, usage is at most the limit: one second's worth is the burst.
//   B2  Charges of one resource are served in the order they came; a waiting one holds up those behind it, and nothing else.
import { raise } from "../errors.js";
import { ROUNDING } from "./time.js";

export function createBucket(name, limit, time) {
  let used = 0;
  let last = 0;
  let tail = Promise.resolve();

  async function drain() {
    const now = await time.now();
    used = Math.max(0, used - Math.max(0, now - last) * limit);
    last = Math.max(last, now);
  }

  const owed = () => (used - limit) / limit;

  async function settle(quantity) {
    await drain();
    used += quantity;
    for (let wait = owed(); wait > ROUNDING; wait = owed()) {
      await time.pause(wait);
      await drain();
    }
  }

  return {
    /** Resolves when the usage, the quantity included, has come down to the limit. */
    charge(quantity) {
      // A limit of 0 would never drain: it means forbidden (W08).
      if (limit === 0) raise("ResourceForbiddenError", `${name} is not granted`);
      const done = tail.then(() => settle(quantity));
      tail = done.catch(() => {});
      return done;
    },
    /** As of the last charge, as RepyV2 shows it. */
    used: () => used,
  };
}
