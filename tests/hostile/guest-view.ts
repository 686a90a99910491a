// Calls of host functions as the guest sees them: many in one run, each told as plain data.
import { blocking, createSandbox, type Result } from "../../embed/node/index.ts";

export type Mode = "sync" | "async" | "blocking";
export const MODES: readonly Mode[] = ["sync", "async", "blocking"];

/** What a guest saw of one call. `all` is every text that it could find on what it was given. */
export interface Seen {
  readonly how: "gave" | "threw" | "waits";
  readonly type: string;
  readonly tag: string;
  readonly isError: boolean;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: Seen;
  readonly isOwnCause?: boolean;
  readonly json?: string;
  readonly all: string;
}

const GUEST = `
  const texts = (value, seen = new Set(), depth = 0) => {
    if (typeof value !== "object" || value === null) return typeof value === "symbol" ? "" : String(value).slice(0, 1000);
    if (seen.has(value) || seen.size > 50 || depth > 9) return "";
    seen.add(value);
    const keys = Reflect.ownKeys(value).slice(0, 50);
    const own = keys.map((key) => String(key) + " " + texts(value[key], seen, depth + 1)).join(" ");
    return value instanceof Error ? own + " " + value.stack : own;
  };
  const json = (value) => {
    try { return JSON.stringify(value, (_, v) => typeof v === "bigint" ? v.toString().slice(0, 50) : v)?.slice(0, 500); } catch { return undefined; }
  };
  const tell = (how, value, deep = true) => {
    const isError = value instanceof Error;
    const told = { how, type: typeof value, tag: Object.prototype.toString.call(value).slice(8, -1), isError, all: texts(value), json: json(value) };
    if (!isError) return told;
    const { name, message, code, cause } = value;
    const more = deep && cause !== undefined ? { cause: tell(how, cause, false), isOwnCause: cause === value } : {};
    return { ...told, name, message: String(message).slice(0, 300), code, ...more };
  };
  const late = Symbol("late");
  const soon = (value) => Promise.race([value, new Promise((r) => setTimeout(r, 150, late))]);
  const told = {};
  for (const name of names) {
    try {
      const value = await soon(give(name));
      told[name] = tell(value === late ? "waits" : "gave", value);
    } catch (thrown) { told[name] = tell("threw", thrown); }
    if (await give("fine") !== "fine") throw new Error("after " + name + " the function works no more");
  }
  return told;`;

type Makers = Readonly<Record<string, () => unknown>>;

function grantOf(makers: Makers, mode: Mode): (name: string) => unknown {
  const make = (name: string): unknown => (name === "fine" ? "fine" : (makers[name] as () => unknown)());
  if (mode === "sync") return make;
  const later = async (name: string): Promise<unknown> => {
    await undefined;
    return make(name);
  };
  return mode === "async" ? later : blocking(later);
}

/** What the guest saw of each, by its name. */
export async function seenBy(makers: Makers, mode: Mode): Promise<Readonly<Record<string, Seen>>> {
  const limits = { wall: 30_000, memory: "512 MiB", bytes: "2 GiB", fuel: 1e11 };
  await using box = await createSandbox({
    grant: { give: grantOf(makers, mode) as (name: string) => unknown },
    limits,
  });
  const result = (await box.run(GUEST, { inputs: { names: Object.keys(makers) } })) as Result<Record<string, Seen>>;
  if (result.status === "returned") return result.value;
  throw new Error(
    `the guest ${result.status}: ${JSON.stringify({ ...result, usage: 0 })} ${String(Reflect.get(result, "error"))}`,
  );
}
