// Grants for guests under policies, which write down what is really performed.
import type { Result, RunRequest } from "../../embed/api.ts";
import {
  arg,
  capability,
  contract,
  type Granted,
  handle,
  integer,
  list,
  nothing,
  option,
  type PolicyOptions,
  policy,
  record,
  string,
} from "../../policy-libs/index.ts";
import { cordon } from "./cordon.ts";

const words = { allows: "what its calls say", never: "anything else" };
const sync = { refuses: [], about: "", mode: "sync" } as const;
const async_ = { refuses: [], about: "" } as const;
const text = (name: string) => arg(name, string());
const size = arg("size", integer());

export const NET = contract({
  name: "net",
  ...words,
  calls: {
    send: { takes: [text("host"), size], gives: integer(), ...sync },
    later: { takes: [text("host"), size], gives: integer(), ...async_ },
  },
});
export const LOG = contract({
  name: "log",
  ...words,
  calls: { put: { takes: [text("text")], gives: nothing(), ...sync } },
});
export const MAIL = contract({
  name: "mail",
  ...words,
  calls: {
    read: { takes: [text("text")], gives: record({ text: string({ min: 3 }), note: option(string()) }), ...sync },
  },
});
export const CELL = contract({
  name: "cell",
  ...words,
  calls: { get: { takes: [], gives: string(), ...sync }, later: { takes: [], gives: string(), ...async_ } },
});
export const SHOP = contract({
  name: "shop",
  ...words,
  calls: {
    cell: { takes: [], gives: handle(CELL), ...sync },
    put: {
      takes: [arg("n", integer()), arg("cell", handle(CELL)), arg("more", option(list(handle(CELL))))],
      gives: string(),
      ...async_,
    },
    echo: { takes: [arg("cell", handle(CELL))], gives: handle(CELL), ...sync },
  },
});

export type CellGranted = Granted & { readonly functions: { readonly get: () => Promise<string> } };

export function newGrants() {
  const did: string[] = [];
  const cell = capability(CELL, {
    get() {
      did.push("get");
      return "c";
    },
    async later() {
      did.push("later");
      return "c";
    },
  });
  const held: CellGranted[] = [];
  const grant = {
    net: capability(NET, {
      send(host, n) {
        did.push(`send ${host} ${n}`);
        return n;
      },
      async later(host, n) {
        did.push(`later ${host} ${n}`);
        return n;
      },
    }),
    log: capability(LOG, { put: (line) => void did.push(`put ${line}`) }),
    mail: capability(MAIL, {
      read(line) {
        did.push(`read ${line}`);
        return { text: "card 4111111111111111" };
      },
    }),
    shop: capability(SHOP, {
      cell: () => cell as never,
      echo: (given) => given as never,
      async put(n, given, more) {
        held.push(given as never);
        const what = await (given as unknown as CellGranted).functions.get();
        did.push(`put ${n} ${what} ${more?.length ?? "-"}`);
        return `${n}${what}`;
      },
    }),
  };
  return { did, grant, held };
}

export interface Went {
  readonly result: Result;
  /** What the host was really asked for. */
  readonly did: readonly string[];
  readonly held: readonly CellGranted[];
}

export async function go(
  source: string,
  rules: string,
  options: PolicyOptions = {},
  more: Partial<RunRequest> = {},
): Promise<Went> {
  const { did, grant, held } = newGrants();
  const under = policy.text(rules, options);
  const result = await cordon.run({ source, grant, limits: { wall: 5_000 }, policy: under, ...more });
  return { result, did, held };
}

/** Codes of what is refused, values of what is not. */
export const TRY =
  "const codes = []; const attempt = (f) => { try { codes.push(f()) } catch (e) { codes.push(e.code) } };";
export const abstain = (over: string, ...rules: readonly string[]): string =>
  `policy p over ${over} {\n default abstain\n ${rules.join("\n ")}\n}`;
