// Grants to capabilities. What makes them is loaded only when something is granted.
import type { Granted } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { consoleOf } from "../console.ts";
import { UsageError } from "../exit.ts";
import { type Grant, wordOf } from "./grant.ts";
import { type Fields, type KindName, listOf, textOf } from "./kinds.ts";
import type * as Libraries from "./libraries.ts";

/** What a capability is made from. */
interface Making {
  readonly libraries: typeof Libraries;
  readonly fields: Fields;
  readonly parsed: Parsed;
  /** Called when the guest has ended. */
  readonly atEnd: (task: () => void) => void;
}

type Make = (making: Making) => Granted;

function files({ libraries, fields }: Making): Granted {
  const made = libraries.directory(textOf(fields, "path"));
  return textOf(fields, "mode") === "rw" ? made : libraries.readOnly(made);
}

const net: Make = ({ libraries, fields }) =>
  libraries.network({
    allow: listOf(fields, "allow"),
    listen: listOf(fields, "listen"),
    udp: listOf(fields, "udp"),
    bind: listOf(fields, "bind"),
  });

const kv: Make = ({ libraries, fields }) => {
  const store = textOf(fields, "store");
  return store === "memory" ? libraries.kv() : libraries.sqliteKv({ path: store });
};

/** NAME is a variable of this process, NAME=VALUE one that is made up. */
function env({ libraries, fields }: Making): Granted {
  const [own, given]: [string[], [string, string][]] = [[], []];
  for (const name of listOf(fields, "names")) {
    const at = name.indexOf("=");
    if (at < 0) own.push(name);
    else given.push([name.slice(0, at), name.slice(at + 1)]);
  }
  return libraries.env({ ...libraries.environment(own), ...Object.fromEntries(given) });
}

const isVirtual = (parsed: Parsed): boolean => parsed.has("virtual") || parsed.text("seed") !== undefined;

/** Runs that repeat have no time of day. */
function checkReal(parsed: Parsed, kind: string): void {
  if (isVirtual(parsed)) throw new Error(`${kind} is of the host's time, which a --virtual run must not see`);
}

const clock: Make = ({ libraries, parsed }) => {
  checkReal(parsed, "clock");
  return libraries.clock();
};

const timers: Make = ({ libraries, parsed }) => {
  checkReal(parsed, "timers");
  return libraries.timers();
};

const random: Make = ({ libraries, parsed }) =>
  libraries.random(isVirtual(parsed) ? { seed: parsed.text("seed") ?? "" } : {});

/** The terminal is one: what else reads or writes it contradicts the grant. */
function terminal({ libraries, parsed, atEnd }: Making): Granted {
  if (parsed.has("json")) throw new Error("terminal and --json both want stdout");
  if (parsed.command === "repl" || parsed.positionals.includes("-")) throw new Error("stdin is read already");
  const { granted, close } = libraries.terminal({ input: process.stdin, output: process.stdout, raw: true });
  atEnd(close);
  return granted;
}

const MAKERS: Readonly<Record<KindName, Make>> = {
  files,
  net,
  http: ({ libraries, fields }) => libraries.http({ allow: listOf(fields, "allow") }),
  kv,
  env,
  args: ({ libraries, parsed }) => libraries.args(parsed.rest),
  clock,
  timers,
  random,
  console: ({ libraries, parsed }) => libraries.consoleTo(consoleOf(parsed)),
  digest: ({ libraries }) => libraries.digest(),
  terminal,
};

const WHY = new Map<unknown, string>([
  ["ENOENT", "no such directory"],
  ["ENOTDIR", "not a directory"],
  ["EACCES", "permission denied"],
]);

/** The capability of a grant. Throws UsageError where it cannot be had. */
export async function make(grant: Grant, parsed: Parsed, atEnd: Making["atEnd"]): Promise<Granted> {
  try {
    const libraries = await import("./libraries.ts");
    return MAKERS[grant.kind]({ libraries, fields: grant.fields, parsed, atEnd });
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    const where = grant.isFromFile ? `${grant.from}: ${wordOf(grant)}` : grant.from;
    throw new UsageError(`${where}: ${WHY.get(code) ?? message}`);
  }
}
