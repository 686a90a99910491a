// The smallest grant that calls seem to need: of a script that was read (`check`), of an audit log (`explain`).
//
// What is named in a script or a log may be meant to fool its reader: only what is plainly a host, a port or a variable
// gets into a command line that people paste.
import { type FilesCall, isChange, PATH_ARGUMENTS } from "../../../policy-libs/index.ts";
import type { Known } from "../known.ts";
import type { Fields, KindName } from "./kinds.ts";

/** One use. Without a call it was passed on, or asked by a computed name. */
export interface UsedCall {
  readonly call: string | undefined;
  readonly args: readonly (Known | undefined)[];
  /** Where, for messages: "line 7"; undefined where it does not matter. */
  readonly where: string | undefined;
}

export interface Smallest {
  /** As for a grant; DIR stands for what nobody can tell. */
  readonly fields: Fields;
  /** What it is used for: `reads "a.txt"`. */
  readonly uses: readonly string[];
  /** What could not be told, and where. */
  readonly unknown: readonly string[];
}

interface Finding {
  readonly lists: Map<string, Set<string>>;
  readonly texts: Map<string, string>;
  readonly uses: Set<string>;
  readonly unknown: Map<string, Set<string>>;
}

const MOST_LISTED = 200;
const MOST_TEXT = 80;

const quoted = (text: string): string =>
  JSON.stringify(text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text);

function add(finding: Finding, field: string, item: string): void {
  const list = finding.lists.get(field) ?? new Set();
  if (list.size < MOST_LISTED) list.add(item);
  finding.lists.set(field, list);
}

function used(finding: Finding, use: string): void {
  if (finding.uses.size < MOST_LISTED) finding.uses.add(use);
}

function unknown(finding: Finding, what: string, { where }: UsedCall): void {
  const places = finding.unknown.get(what) ?? new Set();
  if (where !== undefined && places.size < MOST_LISTED) places.add(where);
  finding.unknown.set(what, places);
}

const valueIn = (known: Known | undefined): unknown => (known?.kind === "value" ? known.value : undefined);
const fieldOf = (known: Known | undefined, key: string): Known | undefined =>
  known?.kind === "record" ? known.fields.get(key) : undefined;
/** Left out, as far as one sees. */
const isAbsent = (known: Known | undefined, key: string): boolean => known?.kind === "record" && !known.fields.has(key);

const isFilesCall = (call: string): call is FilesCall => Object.hasOwn(PATH_ARGUMENTS, call);

/** Whether a call may change something, by its options too; what is not known of them may be so. */
function changes(finding: Finding, use: UsedCall, call: FilesCall): boolean {
  const options = use.args[1];
  if (call !== "open" || use.args.length < 2) return isChange(call, undefined);
  const fields = options?.kind === "record" ? [...options.fields] : [["write", undefined] as const];
  if (fields.some(([, known]) => known?.kind !== "value")) unknown(finding, "how a file is opened", use);
  return isChange(call, Object.fromEntries(fields.map(([key, known]) => [key, known === undefined || valueIn(known)])));
}

function seeFiles(finding: Finding, use: UsedCall): void {
  const { call = "" } = use;
  if (!isFilesCall(call)) return unknown(finding, `what ${quoted(call)} does`, use);
  const isWrite = changes(finding, use, call);
  if (isWrite) finding.texts.set("mode", "rw");
  for (const at of PATH_ARGUMENTS[call]) {
    // A path that is left out is the directory itself; a digest is no path.
    if (at >= use.args.length) continue;
    const text = valueIn(use.args[at]);
    if (typeof text === "string") used(finding, `${isWrite ? "writes" : "reads"} ${quoted(text)}`);
    else unknown(finding, "a path that is computed", use);
  }
}

const HOST = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/;

/** HOST:PORT if both are known and plain. An IPv6 address gets its brackets. */
function endpoint(host: unknown, port: unknown): string | undefined {
  const name = typeof host === "string" && host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const isPort = Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535;
  return typeof name === "string" && HOST.test(name) && isPort ? `${name}:${String(port)}` : undefined;
}

function seeEndpoint(finding: Finding, use: UsedCall, field: string, host: unknown): void {
  const port = valueIn(fieldOf(use.args[0], "port"));
  const found = endpoint(host, port);
  if (found !== undefined) add(finding, field, found);
  else if (typeof host === "string" && HOST.test(host)) unknown(finding, `which port of ${host}`, use);
  else unknown(finding, `which host ${use.call} is for`, use);
}

const LOOPBACK = "127.0.0.1";

function seeNet(finding: Finding, use: UsedCall): void {
  const [first] = use.args;
  const address = isAbsent(first, "address") ? LOOPBACK : valueIn(fieldOf(first, "address"));
  if (use.call === "connect") seeEndpoint(finding, use, "allow", valueIn(fieldOf(first, "host")));
  else if (use.call === "send") seeEndpoint(finding, use, "udp", valueIn(fieldOf(first, "host")));
  else if (use.call === "listen" || use.call === "bind") seeEndpoint(finding, use, use.call, address);
  else if (use.call === "resolve") unknown(finding, "for which port a name is resolved", use);
}

/** Paths in which nothing means two things. */
const PLAIN_PATH = /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?$/;

/** A URL as it is granted, if as much of it is known; of one that goes on, what is above its last slash. */
function grantOfUrl(known: Known | undefined): string | undefined {
  const text = known?.kind === "prefix" ? known.text : valueIn(known);
  if (typeof text !== "string") return undefined;
  const [, scheme = "", authority = "", rest = ""] = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  // The rest of an authority could still follow.
  if (known?.kind === "prefix" && rest === "") return undefined;
  const [, host = "", port] = /^(\[[^\]]*\]|[^:@]*)(?::(\d+))?$/.exec(authority) ?? [];
  if (endpoint(host, port === undefined ? 443 : Number(port)) === undefined) return undefined;
  const [path = ""] = /^[^?#]*/.exec(rest) ?? [];
  const isCut = known?.kind === "prefix" && path.length === rest.length;
  const whole = isCut ? path.slice(0, path.lastIndexOf("/") + 1) : path;
  return `${scheme.toLowerCase()}://${authority.toLowerCase()}${PLAIN_PATH.test(whole) && whole !== "" ? whole : "/"}`;
}

function seeHttp(finding: Finding, use: UsedCall): void {
  const [first] = use.args;
  const found = grantOfUrl(first?.kind === "record" ? fieldOf(first, "url") : first);
  if (found === undefined) unknown(finding, "which host a request is for", use);
  else add(finding, "allow", found);
}

function seeEnv(finding: Finding, use: UsedCall): void {
  const name = valueIn(use.args[0]);
  if (use.call === "list") unknown(finding, "which variables it looks for in the list", use);
  else if (typeof name === "string" && /^[A-Za-z_]\w{0,99}$/.test(name)) add(finding, "names", name);
  else unknown(finding, "which variable it asks for", use);
}

interface Row {
  /** What there is before anything was seen. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly lists?: readonly string[];
  see(finding: Finding, use: UsedCall): void;
}
const plain: Row = { see: () => undefined };

const ROWS: Readonly<Record<KindName, Row>> = {
  files: { texts: { mode: "ro", path: "DIR" }, see: seeFiles },
  net: { see: seeNet },
  http: { lists: ["allow"], see: seeHttp },
  kv: { texts: { store: "memory" }, see: () => undefined },
  env: { lists: ["names"], see: seeEnv },
  ...{ args: plain, clock: plain, timers: plain, random: plain, console: plain, digest: plain, terminal: plain },
};

/** The smallest grant of a kind with which all these calls could be made, and what nobody can tell. */
export function smallest(kind: KindName, calls: readonly UsedCall[]): Smallest {
  const { texts = {}, lists = [], see } = ROWS[kind];
  const finding: Finding = {
    lists: new Map(lists.map((name) => [name, new Set()])),
    texts: new Map(Object.entries(texts)),
    uses: new Set(),
    unknown: new Map(),
  };
  for (const use of calls) {
    if (use.call === undefined) unknown(finding, "what is done with it where it is passed on", use);
    else see(finding, use);
  }
  const listed = [...finding.lists].map(([name, items]) => [name, [...items].sort()] as const);
  return {
    fields: Object.fromEntries([...finding.texts, ...listed]),
    uses: [...finding.uses],
    unknown: [...finding.unknown].map(([what, places]) =>
      places.size === 0 ? what : `${what} (${[...places].join(", ")})`,
    ),
  };
}
