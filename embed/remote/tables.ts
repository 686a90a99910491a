// What the two sides of a passage have given each other, by number.
//
// Invariants
//   TA1  A number that was not given stands for nothing. Numbers are not used twice.
//   TA2  What was given is held until the other side lets it go or the passage closes.
//   TA3  A reference stands for a capability of the contract that its place in the value asks for, or for nothing.
import {
  type Capability,
  type Contract,
  cut,
  derive,
  type Found,
  MAX_HANDLES,
  newCapability,
  release,
} from "../../kernel/index.ts";
import { OP, type Post, type Reference } from "./frame.ts";

/** What a capability that was got does when it is called. */
export type Calls = (id: number, contract: Contract, atOnce: ReadonlySet<number>) => Capability["target"];

interface Given {
  readonly capability: Capability;
  /** Hears that it was cut. */
  readonly onCut: () => void;
}

export interface TablesOptions {
  readonly post: Post;
  readonly calls: Calls;
  /** What this side got may be sent back as what it is: its owner judges it. */
  readonly sendsBack: boolean;
}

export type Tables = ReturnType<typeof newTables>;

/** Of each side: more than a domain can hold and offer at once, so that only a side that lies meets it. */
const MOST = MAX_HANDLES * 4;

const NO_METHODS: ReadonlySet<number> = new Set();

export function newTables({ post, calls, sendsBack }: TablesOptions) {
  const life = newCapability({ name: "passage", form: "passage", calls: [] }, () => new Uint8Array(0));
  const given = new Map<number, Given>();
  const got = new Map<number, Capability>();
  const numbers = new WeakMap<Capability["target"], number>();
  let [next, isClosed] = [1, false];

  /** `isOurs`: nobody else holds it; it is let go with its number. */
  function give(source: Capability, isOurs = false): number {
    const id = next++;
    const capability = isOurs ? source : derive(source);
    const onCut = (): void => {
      if (!isClosed) post(OP.REVOKE, [id, capability.state === "broken"]);
    };
    capability.inFlight ??= new Set();
    capability.inFlight.add(onCut);
    given.set(id, { capability, onCut });
    return id;
  }

  function letGo(id: number, hasEnded = false): boolean {
    const held = given.get(id);
    if (held === undefined) return false;
    given.delete(id);
    held.capability.inFlight?.delete(held.onCut);
    release(held.capability, hasEnded);
    return true;
  }

  /** The root of what the other side gave under this number: what is handed out is derived from it. */
  function get(id: number, contract: Contract, atOnce: ReadonlySet<number> = NO_METHODS): Capability {
    const before = got.get(id);
    if (before !== undefined) return before;
    const target = calls(id, contract, atOnce);
    const root = newCapability(contract, target, [life]);
    root.onUnused = () => {
      if (got.delete(id) && !isClosed) post(OP.RELEASE, [id]);
    };
    got.set(id, root);
    numbers.set(target, id);
    return root;
  }

  function referTo(capability: Capability, isOurs: boolean): Reference {
    const id = sendsBack ? numbers.get(capability.target) : undefined;
    if (id === undefined || !got.has(id)) return [0, give(capability, isOurs)];
    // After the message that names it: with the last one that holds it, its number is let go.
    if (isOurs) void Promise.resolve().then(() => release(capability));
    return [1, id];
  }

  function follow([whose, id]: Reference, contract: Contract): Capability | undefined {
    if (whose === 1) {
      const own = given.get(id)?.capability;
      return own?.contract.form === contract.form ? derive(own) : undefined;
    }
    if (got.size >= MOST) return undefined;
    const root = get(id, contract);
    return root.contract.form === contract.form ? derive(root) : undefined;
  }

  return {
    ...{ give, letGo, get, referTo },
    isFull: (): boolean => given.size >= MOST,
    given: (id: number): Capability | undefined => given.get(id)?.capability,
    /** Cuts what was got under this number. False: nothing was; it may have been let go meanwhile. */
    cutGot: (id: number, isBroken: boolean): void => cut(got.get(id), isBroken ? "broken" : "revoked"),
    /** The capabilities in a value, in the order of their references; undefined if these are not what the value says. */
    followAll(bytes: Uint8Array, found: readonly Found[], references: readonly Reference[]): Capability[] | undefined {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const wanted = new Map(found.map(({ at, contract, isOffer }) => [isOffer ? -1 : view.getUint32(at), contract]));
      if (wanted.size !== references.length) return undefined;
      const followed = references.map((reference, index) => {
        const contract = wanted.get(index);
        return contract === undefined ? undefined : follow(reference, contract);
      });
      return followed.includes(undefined) ? undefined : (followed as Capability[]);
    },
    close(): void {
      isClosed = true;
      cut(life);
      for (const id of [...given.keys()]) letGo(id, true);
    },
  };
}
