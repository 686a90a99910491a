// Kinds of grants: how each is written, on the command line and in a grants file. One row for each; what makes the
// capability of it is in make.ts, what a script seems to need of it in needs.ts, and its JSON in grants.schema.json.
import { nearest } from "../arguments.ts";

/** What a grant says besides its kind. A list grows when it is given again; a text is one thing or the other. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

export interface Kind {
  /** What stands after the equals sign; "" if nothing does. */
  readonly what: string;
  readonly gives: string;
  /** Throws Complaint. */
  parse(what: string): Fields;
  /** As it would be written. */
  show(fields: Fields): string;
  /** Fields that name files: in a grants file, from its own directory on. */
  readonly paths?: readonly string[];
}

/** What is wrong with how a grant is written, and how it would be right. */
export class Complaint extends Error {
  readonly advice: string;
  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

const wrong = (message: string, advice: string): never => {
  throw new Complaint(message, advice);
};

export const textOf = (fields: Fields, name: string): string => {
  const value = fields[name];
  return typeof value === "string" ? value : "";
};
export const listOf = (fields: Fields, name: string): readonly string[] => {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
};

function items(what: string, advice: string): string[] {
  const found = what.split(",").map((item) => item.trim());
  return found.includes("") ? wrong("something is missing between commas", advice) : found;
}

const FILES: Kind = {
  what: "ro:DIR | rw:DIR",
  gives: "the files below DIR, for reading (ro) or writing too (rw)",
  parse(what) {
    const [, mode = "", path = ""] = /^([a-z]+):([\s\S]+)$/.exec(what) ?? [];
    if (mode === "ro" || mode === "rw") return { mode, path };
    if (mode === "") return wrong("not ro:DIR or rw:DIR", "--grant files=ro:./data");
    const near = nearest(mode, ["ro", "rw"]);
    return wrong(
      `${mode} is neither ro nor rw${near === undefined ? "" : `; did you mean ${near}?`}`,
      "--grant files=ro:./data",
    );
  },
  show: (fields) => `${textOf(fields, "mode")}:${textOf(fields, "path")}`,
  paths: ["path"],
};

/** What may be done at a host and port; the first is meant where none is said. */
const NET_FIELDS = { connect: "allow", listen: "listen", udp: "udp", bind: "bind" } as const;
const NET_EXAMPLE = "--grant net=api.example.com:443,listen:127.0.0.1:8080";

const NET: Kind = {
  what: "HOST:PORT,... | listen:HOST:PORT | udp:HOST:PORT | bind:HOST:PORT",
  gives: "connections to HOST:PORT, listening there, datagrams to it (udp) or received there (bind)",
  parse(what) {
    const fields: Record<string, string[]> = {};
    for (const item of items(what, NET_EXAMPLE)) {
      const [, verb = "connect", endpoint = ""] = /^(?:(connect|listen|udp|bind):)?([\s\S]+)$/.exec(item) ?? [];
      if (!/[^:]:[\d-]+$/.test(endpoint)) wrong(`${JSON.stringify(item)} names no port: HOST:PORT`, NET_EXAMPLE);
      const field = NET_FIELDS[verb as keyof typeof NET_FIELDS];
      fields[field] = [...(fields[field] ?? []), endpoint];
    }
    return fields;
  },
  show: (fields) =>
    Object.entries(NET_FIELDS)
      .flatMap(([verb, field]) => listOf(fields, field).map((item) => (verb === "connect" ? item : `${verb}:${item}`)))
      .join(","),
};

const HTTP_EXAMPLE = "--grant http=https://api.example.com/v1/";
const URL_OR_ENDPOINT = /^https?:\/\/[^/]|[^:]:[\d-]+$/;

const HTTP: Kind = {
  what: "URL,... | HOST:PORT,...",
  gives: "HTTP requests to a URL (below it, if it ends in a slash), or to all of HOST:PORT",
  parse(what) {
    const allow = items(what, HTTP_EXAMPLE);
    const bad = allow.find((item) => !URL_OR_ENDPOINT.test(item));
    if (bad !== undefined) wrong(`${JSON.stringify(bad)} is neither a URL nor HOST:PORT`, HTTP_EXAMPLE);
    return { allow };
  },
  show: (fields) => listOf(fields, "allow").join(","),
};

const KV: Kind = {
  what: "memory | FILE.sqlite",
  gives: "a store of keys and values, in memory or in a SQLite file",
  parse: (store) => (store === "" ? wrong("not memory or a file", "--grant kv=store.sqlite") : { store }),
  show: (fields) => textOf(fields, "store"),
  paths: ["store"],
};

const VARIABLE = /^[A-Za-z_][\w.]*(=[\s\S]*)?$/;
const ENV_EXAMPLE = "--grant env=LANG,TZ or --grant env=MODE=test";

const ENV: Kind = {
  what: "NAME,... | NAME=VALUE",
  gives: "variables: those of this process by their NAME, or one with a VALUE",
  parse(what) {
    // A value may hold commas.
    const names = what.includes("=") ? [what] : items(what, ENV_EXAMPLE);
    const bad = names.find((name) => !VARIABLE.test(name));
    return bad === undefined ? { names } : wrong(`${JSON.stringify(bad)} is no name of a variable`, ENV_EXAMPLE);
  },
  show: (fields) => listOf(fields, "names").join(","),
};

const plain = (name: string, gives: string): Kind => ({
  what: "",
  gives,
  parse: (what) => (what === "" ? {} : wrong(`${name} takes nothing more`, `--grant ${name}`)),
  show: () => "",
});

/** Every kind, in the order of help. */
export const KINDS = {
  files: FILES,
  net: NET,
  http: HTTP,
  kv: KV,
  env: ENV,
  args: plain("args", "the script's arguments, as a capability"),
  clock: plain("clock", "the time of day and the time that has passed"),
  timers: plain("timers", "waiting for a time to pass"),
  random: plain("random", "random bytes and numbers"),
  console: plain("console", "lines on stdout and stderr, as a capability"),
  digest: plain("digest", "hashes and message authentication codes"),
  terminal: plain("terminal", "the terminal: keys, size and text"),
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof KINDS;
export const isKind = (name: string): name is KindName => Object.hasOwn(KINDS, name);
/** The first way to write it: "files=ro:DIR". */
export function exampleOf(name: KindName): string {
  const [what = ""] = KINDS[name].what.split(" | ");
  return what === "" ? name : `${name}=${what}`;
}
export const kindOf = (name: KindName): Kind => KINDS[name];
