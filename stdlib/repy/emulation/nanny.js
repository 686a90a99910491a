// The ledger of the 17 resources: buckets for what renews, sets of unique items for what is held, sets of ports.
//
// Invariants
//   N1  An item is released exactly once, by the function that taking it returned (W12, W14).
//   N2  What is shown is a copy; nothing in it reaches the ledger (W23).
import { raise } from "../errors.js";
import { RESOURCES } from "../restrictions.js";
import { createBucket } from "./bucket.js";

const namesOf = (kind) => Object.keys(RESOURCES).filter((name) => RESOURCES[name] === kind);
const plain = (value) => (value instanceof Set ? [...value].sort((a, b) => a - b) : value);

/** A place among so many. */
function createItems(name, limit) {
  const held = new Set();
  return {
    take() {
      if (held.size >= limit) raise("ResourceExhaustedError", `all ${limit} of ${name} are in use`);
      const item = {};
      held.add(item);
      return () => held.delete(item);
    },
    used: () => held.size,
  };
}

function createPorts(name, granted) {
  const touched = new Set();
  return {
    use(port) {
      if (!granted.has(port)) raise("ResourceForbiddenError", `port ${port} is not granted for ${name}`);
      touched.add(port);
    },
    used: () => plain(touched),
  };
}

const table = (names, make) => new Map(names.map((name) => [name, make(name)]));

export function createNanny(limits, time) {
  const isBucket = (name) => name !== "cpu";
  const buckets = table(namesOf("renewable").filter(isBucket), (name) => createBucket(name, limits.get(name), time));
  const items = table(namesOf("items"), (name) => createItems(name, limits.get(name)));
  const ports = table(namesOf("ports"), (name) => createPorts(name, new Set(limits.get(name))));
  return {
    charge: async (name, quantity) => buckets.get(name).charge(quantity),
    /** Waits until earlier charges have drained: asked before an effect whose size is not known yet. */
    wait: async (...names) => {
      for (const name of names) await buckets.get(name).charge(0);
    },
    /** Throws ResourceExhaustedError, or gives the function that releases the item. */
    take: (name) => items.get(name).take(),
    usePort: (name, port) => ports.get(name).use(port),
    limits: () => Object.fromEntries([...limits].map(([name, value]) => [name, plain(value)])),
    used: () => Object.fromEntries([...buckets, ...items, ...ports].map(([name, account]) => [name, account.used()])),
  };
}
