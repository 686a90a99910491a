// A store of texts, and layers in front of it.
import type { Layer, LayerOptions } from "../../embed/api.ts";
import { arg, capability, contract, type Granted, handle, integer, nothing, string } from "../../policy-libs/index.ts";
import { cordon } from "./cordon.ts";

const { layer } = cordon;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const ITEM = contract({
  name: "item",
  allows: "one text",
  never: "others",
  calls: {
    read: { takes: [], gives: string(), refuses: ["E_GONE"] },
    size: { takes: [], gives: integer(), refuses: [] },
  },
});
export const STORE = contract({
  name: "store",
  allows: "texts by name",
  never: "more",
  calls: {
    get: { takes: [arg("name", string({ max: 100 }))], gives: string({ max: 100 }), refuses: ["E_NONE"] },
    put: { takes: [arg("name", string()), arg("text", string())], gives: nothing(), refuses: ["E_FULL"] },
    open: { takes: [arg("name", string())], gives: handle(ITEM), refuses: ["E_NONE"] },
    count: { takes: [], gives: integer(), refuses: [] },
  },
});

export interface Store {
  readonly granted: Granted;
  readonly texts: Map<string, string>;
  readonly calls: string[];
}

export const fails = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

export function newStore(): Store {
  const texts = new Map([["a", "alpha"]]);
  const calls: string[] = [];
  const got = (name: string): string => texts.get(name) ?? fails("E_NONE");
  const granted = capability(STORE, {
    get: (name) => {
      calls.push(`get ${name}`);
      return got(name);
    },
    put: async (name, text) => {
      calls.push(`put ${name}`);
      if (text === "full") fails("E_FULL");
      texts.set(name, text);
    },
    open: (name) => {
      got(name);
      return capability(ITEM, { read: () => texts.get(name) ?? fails("E_GONE"), size: () => got(name).length });
    },
    count: () => texts.size,
  });
  return { granted, texts, calls };
}

export const FORWARD = `({ store: {
  get: (name) => store.get(name), put: (name, text) => store.put(name, text), open: (name) => store.open(name), count: () => store.count(),
} })`;
/** A store with some of its calls in another way. */
export const wrapped = (calls: string, before = ""): string => `${before}
  const wrapper = { get: (name) => store.get(name), put: (name, text) => store.put(name, text), open: (name) => store.open(name), count: () => store.count(), ${calls} };
  ({ store: wrapper })`;

export const over = (granted: Granted, source: string, more: Partial<LayerOptions> = {}): Promise<Layer> =>
  layer({ name: "test", source, grant: { store: granted }, offers: { store: STORE }, ...more });

export const code = (call: string): string => `await (async () => ${call})().then((v) => "gave " + v, (e) => e.code)`;
