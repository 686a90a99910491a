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
  type Target,
} from "../../kernel/index.ts";
import { OP, type Post, type Reference } from "./frame.ts";

export interface TablesOptions {
  readonly post: Post;
  /** What a capability that was got does when it is called. */
  readonly targetOf: (id: number, contract: Contract, atOnce: ReadonlySet<number>) => Target;
  /** What this side got may be sent back as what it is: its owner judges it. */
  readonly sendsBack: boolean;
}

interface Given {
  readonly capability: Capability;
  /** Hears that it was cut. */
  readonly onCut: () => void;
}

export interface Tables extends TablesOptions {
  /** What all that was got dies with. */
  readonly life: Capability;
  readonly given: Map<number, Given>;
  readonly got: Map<number, Capability>;
  readonly numbers: WeakMap<Target, number>;
  next: number;
  isClosed: boolean;
}

/** Of each side: more than a domain can hold and offer at once, so that only a side that lies meets it. */
const MOST = MAX_HANDLES * 4;
const NO_METHODS: ReadonlySet<number> = new Set();

export const newTables = (options: TablesOptions): Tables => ({
  ...{ ...options, given: new Map(), got: new Map(), numbers: new WeakMap(), next: 1, isClosed: false },
  life: newCapability({ name: "passage", form: "passage", calls: [] }, () => new Uint8Array(0)),
});

export const isFull = ({ given }: Tables): boolean => given.size >= MOST;

/** `isOurs`: nobody else holds it; it is let go with its number. */
export function give(tables: Tables, source: Capability, isOurs: boolean): number {
  const id = tables.next++;
  const capability = isOurs ? source : derive(source);
  const onCut = (): void => {
    if (!tables.isClosed) tables.post(OP.REVOKE, [id, capability.state === "broken"]);
  };
  capability.inFlight ??= new Set();
  capability.inFlight.add(onCut);
  tables.given.set(id, { capability, onCut });
  return id;
}

/** False: it was not given, or was let go before. */
export function letGo({ given }: Tables, id: number, hasEnded = false): boolean {
  const held = given.get(id);
  if (held === undefined) return false;
  given.delete(id);
  held.capability.inFlight?.delete(held.onCut);
  release(held.capability, hasEnded);
  return true;
}

/** The root of what the other side gave under this number: what is handed out is derived from it. */
export function get(tables: Tables, id: number, contract: Contract, atOnce = NO_METHODS): Capability {
  const { got, life, numbers, post } = tables;
  const before = got.get(id);
  if (before !== undefined) return before;
  const target = tables.targetOf(id, contract, atOnce);
  const root = newCapability(contract, target, [life]);
  root.onUnused = () => {
    if (got.delete(id) && !tables.isClosed) post(OP.RELEASE, [id]);
  };
  got.set(id, root);
  numbers.set(target, id);
  return root;
}

/** The other side has cut what it gave. It may have been let go meanwhile. */
export const cutGot = ({ got }: Tables, id: number, isBroken: boolean): void =>
  cut(got.get(id), isBroken ? "broken" : "revoked");

export function referTo(tables: Tables, capability: Capability, isOurs: boolean): Reference {
  const id = tables.sendsBack ? tables.numbers.get(capability.target) : undefined;
  if (id === undefined || !tables.got.has(id)) return [0, give(tables, capability, isOurs)];
  // After the message that names it: with the last one that holds it, its number is let go.
  if (isOurs) void Promise.resolve().then(() => release(capability));
  return [1, id];
}

function follow(tables: Tables, [whose, id]: Reference, contract: Contract): Capability | undefined {
  if (whose === 0 && !tables.got.has(id) && tables.got.size >= MOST) return undefined;
  const source = whose === 1 ? tables.given.get(id)?.capability : get(tables, id, contract);
  return source?.contract.form === contract.form ? derive(source) : undefined;
}

/** The capabilities in a value, in the order of their references; undefined if these are not what the value says. */
export function followAll(
  tables: Tables,
  bytes: Uint8Array,
  found: readonly Found[],
  references: readonly Reference[],
): Capability[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const wanted = new Map(found.map(({ at, contract, isOffer }) => [isOffer ? -1 : view.getUint32(at), contract]));
  if (wanted.size !== references.length) return undefined;
  const followed = references.map((reference, index) => {
    const contract = wanted.get(index);
    return contract === undefined ? undefined : follow(tables, reference, contract);
  });
  return followed.includes(undefined) ? undefined : (followed as Capability[]);
}

export function closeTables(tables: Tables): void {
  tables.isClosed = true;
  cut(tables.life);
  for (const id of [...tables.given.keys()]) letGo(tables, id, true);
}
