// A crossing as the kernel makes it, without a kernel: arguments and results are copies, cycles included; objects of
// functions pass as handles, errors as name, code and text, and nothing else passes.
type Call = (...args: unknown[]) => Promise<unknown>;
export type Table = Readonly<Record<string, Call>>;
const refused = (code: string): Error => Object.assign(new Error(code), { code });

type Wrap = (table: Table) => unknown;

const isHandle = (value: object): value is Table => {
  const values = Object.values(value);
  return values.length > 0 && values.every((item) => typeof item === "function");
};

function copyRecord(value: object, wrap: Wrap, seen: Map<object, unknown>): unknown {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isRoot = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isRoot) throw refused("E_VALUE");
  const record: Record<string, unknown> = {};
  seen.set(value, record);
  for (const [name, item] of Object.entries(value)) record[name] = copy(item, wrap, seen);
  return record;
}

function copy(value: unknown, wrap: Wrap, seen = new Map<object, unknown>()): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw refused("E_VALUE");
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  if (value instanceof Set || value instanceof Map || ArrayBuffer.isView(value)) return structuredClone(value);
  if (!Array.isArray(value)) return isHandle(value) ? wrap(value) : copyRecord(value, wrap, seen);
  const list: unknown[] = [];
  seen.set(value, list);
  for (const item of value) list.push(copy(item, wrap, seen));
  return list;
}

const dataOf = (error: unknown): Error => {
  const { name, message, code } = error as Error & { code?: unknown };
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });
};

/** The same table, one domain further up. */
export function crossing(table: Table): Table {
  const above = new WeakMap<object, object>();
  const below = new WeakMap<object, object>();
  const up = (handle: Table): unknown => {
    const known = above.get(handle);
    if (known !== undefined) return known;
    const wrapper = cross(handle);
    above.set(handle, wrapper);
    below.set(wrapper, handle);
    return wrapper;
  };
  const down = (handle: Table): unknown => below.get(handle) ?? handle;
  const cross = (lower: Table): Table => {
    const calls = Object.entries(lower).map(([name, call]) => {
      const crossed: Call = async (...args) => {
        const copied = args.map((item) => copy(item, down));
        try {
          return copy(await call(...copied), up);
        } catch (error) {
          throw dataOf(error);
        }
      };
      return [name, crossed] as const;
    });
    return Object.freeze(Object.fromEntries(calls));
  };
  return cross(table);
}
