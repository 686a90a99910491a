// The command line as one table: parsing, help and the checks of both read it.
import { LIMITS, PROFILES } from "../limits.ts";
import { type Command, flag, GRANTS, HELP, JSON_OUT, many, type Option, value } from "./option.ts";
import { POLICY_COMMANDS, POLICY_OPTIONS } from "./options-policy.ts";

export type { Command, Option } from "./option.ts";

const UNITS = { fuel: "N", count: "N", bytes: "SIZE", ms: "TIME" } as const;
const shown = (n: number, unit: string): string => {
  if (unit === "ms") return n % 1000 === 0 ? `${n / 1000} s` : `${n} ms`;
  if (unit === "bytes") return n >= 2 ** 20 ? `${n / 2 ** 20} MiB` : `${n / 2 ** 10} KiB`;
  return n >= 1e6 ? `${n / 1e6}M` : String(n);
};
const limitOptions = Object.entries(LIMITS).map(([name, { unit, about, normal }]): [string, Option] => [
  name,
  value(UNITS[unit], `${about}; default ${shown(normal, unit)}`),
]);
const LIMIT_OPTIONS: Readonly<Record<string, Option>> = {
  limits: value("PROFILE", `which defaults the limits have: ${PROFILES.join(", ")}; default normal`),
  ...Object.fromEntries(limitOptions),
};
const WORLD = {
  virtual: flag("a clock that starts at 0 and stands still but for timers, and seeded randomness: runs repeat"),
  seed: value("N", "the seed of randomness; implies --virtual"),
};
const TRACE = { trace: flag("one line on stderr for each call of what was granted") };
const AUDIT = {
  audit: value(
    "LOG",
    "append one record for each call of what was granted to the file LOG; `cordon explain LOG` reads it",
  ),
  "audit-values": value("HOW", "what a record has of the arguments: digest (the default), full or none"),
  "audit-max": value("SIZE", "the most that LOG may have; default 64 MiB"),
  "audit-at-max": value(
    "HOW",
    "when LOG is full: end the run (the default), drop records and count them, or rotate: LOG becomes LOG.1",
  ),
};
const MODULES = { modules: value("DIR", "let the guest import files below DIR, and packages of DIR/node_modules") };
const LANGUAGE = { lang: value("LANG", "js, ts or wasm; default: by the file's name") };

export const COMMANDS = {
  run: {
    usage: "run FILE | - | -e SOURCE  [OPTIONS] [-- ARGUMENTS]",
    summary: "run a script or a WebAssembly program with only what it was granted",
    options: {
      eval: value("SOURCE", "run this source instead of a file", { short: "e" }),
      ...GRANTS,
      ...POLICY_OPTIONS,
      ...LIMIT_OPTIONS,
      ...WORLD,
      ...MODULES,
      ...LANGUAGE,
      entry: value("NAME", "of a WebAssembly program: which export to call; default _start, else main"),
      monitors: value("FILE.json", "of a WebAssembly program: checks of its own instructions, as data"),
      input: value("NAME=TEXT", "give the global NAME, a string", many),
      value: value("HOW", "print the value: inspect (the default), json, text or none"),
      ...TRACE,
      ...AUDIT,
      "no-cache": flag("of a WebAssembly program: instrument it anew, and keep nothing; as CORDON_NO_CACHE=1 does"),
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon run samples/01-hello/guest.ts",
      'cordon run -e "1 + 1"',
      "cordon run samples/02-report/guest.js --grant files=ro:samples/02-report/data",
      "cordon run samples/02-report/guest.js --grant files=ro:samples/02-report/data --policy samples/02-report/report.policy",
      'cordon run -e "args.length" --json --fuel 50M --wall 2s -- one two',
    ],
    notes: [
      "A script's arguments, after --, are the global `args`, an array of strings.",
      "The value is a top-level `return`, else a module's `export default`, else the last expression; undefined is not printed.",
      "Of a WebAssembly program the instrumented form is kept in $XDG_CACHE_HOME/cordon, else ~/.cache/cordon, up to 256 MiB;\nit is verified at every start all the same.",
      "console.log goes to stdout (with --json to stderr), console.error to stderr.",
      "A digest in an audit log tells equal arguments from different ones, and short ones can be guessed from it.",
      "With --json, --trace writes no lines: the records are `trace` in the object, where no guest can imitate them.",
    ],
  },
  repy: {
    usage: "repy [OPTIONS] RESTRICTIONS PROGRAM [ARGUMENTS...]",
    summary: "run a program of RepyV2 under its restrictions file",
    takes: 2,
    options: {
      layer: value("FILE", "a security layer below the program; the first one given is the lowest", {
        ...many,
        short: "l",
      }),
      files: value("DIR", "let the program use the files in DIR; default: an empty directory in memory"),
      net: flag("the real network, but only 127.0.0.1, and only the ports of the restrictions"),
      "net-allow": value("HOST:PORT", "let the program send there as well, from a port of the restrictions", many),
      ...WORLD,
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon repy samples/11-repy/restrictions samples/11-repy/program.repy one --two",
      "cordon repy --layer samples/11-repy/no-keys.repy samples/11-repy/restrictions samples/11-repy/program.repy",
      "cordon repy --net --json samples/11-repy/restrictions samples/11-repy/program.repy",
    ],
    notes: [
      "Options of cordon come before RESTRICTIONS; whatever follows PROGRAM is `callargs`.",
      "What is logged goes to stdout. The exit code is 0 for a run that completed or called exitall, 3 for a text that is\nunsafe, 1 for an uncaught error or a layer that did not start, 4 for a hard limit.",
    ],
  },
  check: {
    usage: "check FILE | - | -e SOURCE  [OPTIONS]",
    summary: "syntax, imports, and what a script seems to need; runs nothing",
    options: {
      eval: value("SOURCE", "check this source instead of a file", { short: "e" }),
      types: flag("also check calls against the contracts of what --grant gives"),
      "grants-file": flag(
        "print the smallest grants that it seems to need as a grants file, and nothing else on stdout",
      ),
      ...GRANTS,
      ...LANGUAGE,
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon check samples/02-report/guest.js",
      "cordon check samples/02-report/guest.js --types --grant files=ro:samples/02-report/data",
      "cordon check samples/02-report/guest.js --grants-file",
    ],
    notes: [
      'What a script computes (a path, a host) is not known before it runs: each place is told as "cannot tell".\nRun it with --audit LOG --audit-values full, and `cordon explain LOG` says what it used.',
    ],
  },
  types: {
    usage: "types [FILE]  [--grant ...]",
    summary: "print a .d.ts of what a guest is given, for the guest's author",
    options: { ...GRANTS, ...JSON_OUT, ...HELP },
    examples: ["cordon types --grant files=ro:.", "cordon types samples/02-report/guest.js"],
    notes: ["With FILE and no grants: a draft of what the script seems to need, every argument `unknown`."],
  },
  verify: {
    usage: "verify MODULE.wasm  [OPTIONS]",
    summary: "does an artifact keep every safety rule? verdict, rule, offset and a summary",
    options: {
      instrument: flag("MODULE is a source module: instrument it first, as `run` does"),
      segment: value("SIZE", "it must keep to a segment of SIZE in a memory of many; the engine's is 4MiB"),
      monitors: value("FILE.json", "it must have the checks of these monitors of instructions; says where they stand"),
      output: value("FILE", "write the instrumented artifact to FILE", { short: "o" }),
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon verify dist/engine.wasm",
      "cordon verify dist/engine.segment.wasm --segment 4MiB",
      "cordon verify samples/05-wasm/program.wasm --instrument",
    ],
  },
  explain: {
    usage: "explain LOG | -  [OPTIONS]",
    summary: "what an audit log says: who called what, what was refused and why, the smallest grants it needed",
    options: {
      capability: value("NAME", "only calls of this grant", many),
      call: value("NAME", "only this call", many),
      domain: value("NAME", "only of this guest, by its name or its number", many),
      run: value("ID", "only of this run: a log may have many", many),
      refused: flag("only what was refused"),
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon explain samples/02-report/audit.ndjson",
      "cordon explain samples/02-report/audit.ndjson --refused --capability files",
    ],
    notes: [
      "`cordon run --audit LOG` writes one. A log of any size is read once, line by line; a torn line, and one that is no\nrecord, is counted. Paths and hosts are known only where the log has full arguments (--audit-values full).",
    ],
  },
  top: {
    usage: "top [PROCESS | SOCKET]  [OPTIONS]",
    summary: "tenants, domains, fuel, memory and calls of a running pool, live",
    options: {
      sort: value("BY", "fuel (the default), memory, calls, running or name"),
      view: value("VIEW", "tree (the default): tenants with their domains below them; domains; tenants"),
      rows: value(
        "N",
        "how many domains are shown: of each tenant, default 10; with --view domains of all, default all",
      ),
      once: flag("show it once and end; so it does where the output is no terminal"),
      demo: flag("watch a pool of this command's own, with tenants of shares 3 and 1"),
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon top --demo",
      "cordon top 4711 --view domains --sort memory --rows 20 --once",
      "cordon top --demo --sort memory --json --once",
    ],
    notes: [
      "`cordon top` finds the one process that shows a pool; where there are several, `cordon top 4711` names it.",
      "A program shows its pool with `await publishStats(pool)`: a socket that only the same user can reach.",
      "Keys: arrows and PgUp, PgDn select, Enter opens or closes a tenant, a all of them, v changes the view;\nf, m, c, r, n sort by fuel, memory, calls, what runs, name; ? tells the rest; q leaves.",
      "A domain is running (it has the thread, or could use it), parked (its run waits), idle (no run), asleep (no memory either)\nor ended. fuel/s and calls/s are of the last moments, fuel and calls of all its time, memory is what lives now.",
      "Of very many domains those that use the most are shown, of all and of each tenant; the totals count all of them.",
      "With --json each line is one look, until the process ends; with --once there is one. Domains are in `domains`.",
    ],
  },
  repl: {
    usage: "repl  [OPTIONS]",
    summary: "type JavaScript into a sandbox that keeps its state",
    options: {
      ...GRANTS,
      ...POLICY_OPTIONS,
      ...LIMIT_OPTIONS,
      ...WORLD,
      ...MODULES,
      history: value("FILE", "keep what was typed in FILE; without it nothing is kept"),
      ...TRACE,
      ...AUDIT,
      ...HELP,
    },
    examples: ["cordon repl --grant files=ro:."],
    notes: ["Each line has the limits anew. .help .usage .limits .exit are commands of the repl."],
  },
  ...POLICY_COMMANDS,
  help: {
    usage: "help [COMMAND | exit | grants]",
    summary: "show help",
    options: { ...HELP },
    examples: ["cordon help run", "cordon help exit", "cordon help grants"],
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;
export const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);
export const commandOf = (name: CommandName): Command => COMMANDS[name];
