// Child domains, as a guest sees them: the contracts of the capability that makes them, and of each child.
import {
  any,
  arg,
  boolean,
  bytes,
  contract,
  handle,
  integer,
  list,
  nothing,
  number,
  oneOf,
  option,
  record,
  string,
  union,
} from "../policy-libs/index.ts";

const USAGE = record({
  fuel: number({ min: 0 }),
  memory: number({ min: 0 }),
  calls: number({ min: 0 }),
  bytes: number({ min: 0 }),
  /** Absent where time is virtual. */
  wall: option(number({ min: 0 })),
});

/** A Result (embed/result.ts) as data. Of what asks a question the guest sees nothing: whoever runs the guest is asked. */
const OUTCOME = record({
  status: oneOf("returned", "threw", "refused", "exhausted", "trapped", "aborted"),
  value: option(any()),
  omitted: option(boolean()),
  error: option(any()),
  /** Which resource, which rule, or which trap. */
  why: option(string()),
  usage: USAGE,
  console: list(record({ level: string(), text: string() })),
});

const CHECKED = record({
  ok: boolean(),
  imports: list(string()),
  message: option(string()),
  line: option(integer({ min: 0 })),
  column: option(integer({ min: 0 })),
});

/** The contract of a domain that a guest has made. */
export const CHILD = contract({
  name: "child-domain",
  allows: "running programs in one domain of its own, and ending it",
  never: "reaches into the domain that made it; has a power that was not named when it was made, or outlives it",
  calls: {
    run: {
      takes: [arg("source", union(string(), bytes())), arg("inputs", option(any()))],
      gives: OUTCOME,
      refuses: [],
      about: "Runs a program; each key of `inputs` becomes a global. State is kept between runs.",
    },
    call: {
      takes: [arg("name", string({ min: 1 })), arg("args", option(list(any())))],
      gives: OUTCOME,
      refuses: [],
      about: "Calls a function of the child by its name or path.",
    },
    check: {
      takes: [arg("source", union(string(), bytes()))],
      gives: CHECKED,
      refuses: [],
      about: "Compiles JavaScript without running it: what it imports, or where its syntax is wrong.",
    },
    usage: { takes: [], gives: USAGE, refuses: [], about: "What all its runs that are over have used.", mode: "sync" },
    ended: { takes: [], gives: string(), refuses: [], about: "Waits until the child has ended, and tells how." },
    end: { takes: [], gives: nothing(), refuses: [], about: "Ends the child, whatever it does.", mode: "sync" },
  },
});

const LIMITS = record({
  fuel: option(number()),
  wall: option(number()),
  memory: option(number()),
  calls: option(number()),
  bytes: option(number()),
  inFlight: option(number()),
  source: option(number()),
  output: option(number()),
  result: option(number()),
});

/** The contract of making domains. */
export const DOMAIN = contract({
  name: "domain",
  allows: "making domains below the own one, and giving them what was allowed for that",
  never: "gives a child more than was allowed for children, or lets it use what the guest itself has not left",
  calls: {
    create: {
      takes: [
        arg(
          "options",
          option(
            record({
              name: option(string({ min: 1, max: 64 })),
              give: option(list(string({ max: 100 }), { max: 1000 })),
              limits: option(LIMITS),
              language: option(oneOf("auto", "javascript", "typescript")),
            }),
          ),
        ),
      ],
      gives: handle(CHILD),
      refuses: [],
      about:
        "Makes a child, of JavaScript unless `language` says otherwise. `give` names what it gets; it ends with its handle, and with the domain that made it.",
    },
  },
});
