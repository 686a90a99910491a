// Random policies, as texts, over the calls of policed-world.ts; and random guest programs that make those calls.
import fc from "fast-check";
import { type Draw, int, isOneIn, pick, several } from "../kit/vocabularies.ts";

const HOSTS = ["a.example", "b.example", "x.test"] as const;
const PATHS = ["/a/b", "/a", "/secrets/k"] as const;

/** What is drawn about each call: tests of its arguments, and what it gives if it is suppressed. */
const CALLS = {
  "net.send": {
    tests: ["n", "host"],
    giving: " giving 0",
    edits: ["n at most 2", 'host becomes "x.test"', "n becomes 1"],
  },
  "net.open": { tests: ["host"], giving: undefined, edits: ['host becomes "a.example"'] },
  "socket.write": {
    tests: ["n", "name"],
    giving: " giving 7",
    edits: ["n at most 1", "name first 1", 'name masks "all"'],
  },
  "socket.close": { tests: [], giving: "", edits: [] },
  "files.read": { tests: ["path"], giving: ' giving "none"', edits: ['path becomes "/a"'] },
  "files.write": { tests: ["path", "body"], giving: "", edits: ["body first 1"] },
  "box.keep": { tests: [], giving: "", edits: [] },
  "box.give": { tests: [], giving: undefined, edits: [] },
  "box.poke": { tests: ["n"], giving: " giving 3", edits: ["n at most 1"] },
} as const;
type Call = keyof typeof CALLS;
const NAMES = Object.keys(CALLS) as Call[];

const TESTS: Readonly<Record<string, (draw: Draw) => string>> = {
  n: (draw) => `n ${pick(draw, ["<", ">", "==", ">=", "!="])} ${int(draw, 0, 4)}`,
  host: (draw) =>
    pick(draw, [`host == "${pick(draw, HOSTS)}"`, 'host ends with ".example"', `host in ["${pick(draw, HOSTS)}"]`]),
  path: (draw) => pick(draw, ['path under "/a"', 'path like "/*/k"', `path == "${pick(draw, PATHS)}"`]),
  name: (draw) => pick(draw, ['name contains "a"', "length(name) > 1", 'name == "ab"']),
  body: (draw) => `length(body) >= ${int(draw, 0, 3)}`,
};
const test = (draw: Draw, call: Call): string => {
  const { tests } = CALLS[call];
  return tests.length === 0
    ? "count refused net.* < 2"
    : (TESTS[pick<string>(draw, tests)] as (draw: Draw) => string)(draw);
};

const KINDS = ["", "", "", "result ", "failed ", "refused ", "tried ", "approved "] as const;

function pattern(draw: Draw): string {
  const call = pick(draw, NAMES);
  const kind = pick(draw, KINDS);
  if (isOneIn(draw, 5)) return `${kind}${call.split(".")[0]}.*`;
  return `${kind}${call}${CALLS[call].tests.length > 0 && isOneIn(draw, 3) ? `(${test(draw, call)})` : ""}`;
}

const tail = (draw: Draw): string => {
  const per = pick(draw, ["", "", " per capability", " per tenant", " per host"]);
  // Clocks of two domains are not the same.
  return per === "" && isOneIn(draw, 2) ? ` within ${int(draw, 5, 60)}ms` : per;
};

const PASTS: readonly ((draw: Draw) => string)[] = [
  (draw) => `once ${pattern(draw)}`,
  (draw) => `never ${pattern(draw)}`,
  (draw) => `once ${pattern(draw)} within ${int(draw, 1, 40)}ms`,
  (draw) => `once ${pattern(draw)} with no ${pattern(draw)} since`,
  (draw) => `previous ${pattern(draw)} among ${pattern(draw)}`,
  (draw) => `count ${pattern(draw)}${tail(draw)} >= ${int(draw, 1, 4)}`,
  (draw) => `level ${pattern(draw)} minus ${pattern(draw)} >= ${int(draw, 1, 2)}`,
  (draw) => `sum n on net.send within ${int(draw, 10, 60)}ms in ${int(draw, 1, 3)} steps > ${int(draw, 1, 6)}`,
  (draw) => `sum n on ${pick(draw, ["net.send", "socket.write"])} > ${int(draw, 1, 8)}`,
  () => "carries secret",
];

function condition(draw: Draw, call: Call): string {
  const part = (): string => {
    const one = isOneIn(draw, 3) ? test(draw, call) : pick(draw, PASTS)(draw);
    return isOneIn(draw, 6) ? `not (${one})` : one;
  };
  if ((CALLS[call].tests as readonly string[]).includes("host") && isOneIn(draw, 5)) return "host in known";
  return isOneIn(draw, 3) ? `(${part()}) ${pick(draw, ["and", "or"])} (${part()})` : part();
}

const EFFECTS = [
  "allow",
  "allow",
  "allow",
  "deny",
  "deny",
  "deny",
  "ask",
  "ask",
  "ask",
  "change",
  "change",
  "suppress",
  "delay",
  "delay",
  "delay",
  "change",
  "halt",
] as const;

function effect(draw: Draw, call: Call): string {
  const { giving, edits } = CALLS[call];
  const kind = pick(draw, EFFECTS);
  if (kind === "halt" && !isOneIn(draw, 3)) return `deny ${call}`;
  if (kind === "suppress") return giving === undefined ? `deny ${call}` : `suppress ${call}${giving}`;
  if (kind === "delay") return `delay ${call} to ${int(draw, 1, 3)} per ${int(draw, 1, 40)}ms`;
  if (kind === "change") return edits.length === 0 ? `deny ${call}` : `change ${call} so ${pick<string>(draw, edits)}`;
  return `${kind} ${call}`;
}

const RESULTS = [
  "deny result files.read",
  "deny result box.give",
  "suppress result net.send giving 9",
  "change result files.read so value first 3",
  'change result files.read so value masks "all"',
  "change result net.send so value at most 1",
] as const;

function rule(draw: Draw): string {
  if (isOneIn(draw, 7)) return `${pick(draw, RESULTS)}${isOneIn(draw, 2) ? "" : ` when ${pick(draw, PASTS)(draw)}`}`;
  const call = pick(draw, NAMES);
  return `${effect(draw, call)}${isOneIn(draw, 4) ? "" : ` when ${condition(draw, call)}`}`;
}

/** Rules that wait for nothing, about calls that need nothing: a guest only has to make them. */
const PROMPT: readonly (readonly [oneIn: number, rule: (draw: Draw, call: Prompt) => string])[] = [
  [2, (draw, call) => `delay ${call} to 1 per ${int(draw, 10, 40)}ms`],
  [3, (_draw, call) => `ask ${call}`],
  [4, (draw, call) => `change ${call} so ${pick<string>(draw, CALLS[call].edits)}`],
];
type Prompt = "net.send" | "net.open" | "files.read";
const PROMPT_CALLS: readonly Prompt[] = ["net.send", "net.open", "files.read"];

/**
 * What conditions ask for seldom comes about, and a delay only if a call comes twice in its time. So now and then a
 * policy also has such rules, and the guest makes those calls, several in a row.
 */
function drawPrompt(draw: Draw): { readonly rules: readonly string[]; readonly steps: readonly Step[] } {
  const drawn = PROMPT.flatMap(([oneIn, rule]) => {
    if (!isOneIn(draw, oneIn)) return [];
    const call = pick(draw, PROMPT_CALLS);
    return [{ rule: rule(draw, call), steps: several(draw, 2, 4, (next) => drawCall(next, call)) }];
  });
  return { rules: drawn.map(({ rule }) => rule), steps: drawn.flatMap(({ steps }) => steps) };
}

/** A policy that loads, over the calls of net, socket, files and box. */
function drawText(draw: Draw, prompt: readonly string[]): string {
  const over = isOneIn(draw, 2) ? "net.*, socket.*, files.*, box.*" : "net.*, socket.*, box.*, files.read";
  const rules = several(draw, 2, 7, rule).filter(
    (one) => !over.includes("files.read") || !one.includes(" files.write"),
  );
  const byDefault = pick(draw, ["abstain", "abstain", "allow", "deny"]);
  // Or most of what happens is nothing.
  const open = byDefault === "deny" ? ["allow net.*, socket.*, box.*, files.read when n_of_nothing"] : [];
  const lets = [
    'label secret from result files.read(path under "/secrets") cleared by socket.close',
    "let known = values host on net.open max 2",
    ...(open.length > 0 ? ["let n_of_nothing = count refused net.* < 3"] : []),
  ];
  return `policy p over ${over} {\n  default ${byDefault}\n${[...lets, ...open, ...prompt, ...rules].map((one) => `  ${one}\n`).join("")}}`;
}

/** What a guest does, one thing after the other. `waits`: for what comes of it. */
export type Step =
  | { readonly do: "call"; readonly call: string; readonly args: readonly unknown[]; readonly waits: boolean }
  | {
      readonly do: "socket";
      readonly which: number;
      readonly call: "write" | "close";
      readonly args: readonly unknown[];
      readonly waits: boolean;
    }
  | { readonly do: "keep" | "poke"; readonly which: number; readonly n: number; readonly waits: boolean }
  | { readonly do: "offer"; readonly n: number; readonly steps: readonly Step[]; readonly waits: boolean }
  | { readonly do: "child"; readonly give: readonly string[]; readonly steps: readonly Step[]; readonly waits: boolean }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "settle"; readonly which: number }
  | { readonly do: "revoke" | "stop" };

const waits = (draw: Draw): boolean => !isOneIn(draw, 3);
const n = (draw: Draw): number => int(draw, 0, 4);

function drawCall(draw: Draw, call: Prompt): Step {
  const args = {
    "net.send": [pick(draw, HOSTS), n(draw)],
    "net.open": [pick(draw, HOSTS)],
    "files.read": [pick(draw, PATHS)],
  }[call];
  return { do: "call", call, args, waits: waits(draw) };
}

const STEPS: readonly ((draw: Draw, depth: number) => Step)[] = [
  (draw) => drawCall(draw, "net.send"),
  (draw) => drawCall(draw, "net.send"),
  (draw) => drawCall(draw, "net.open"),
  (draw) => drawCall(draw, "files.read"),
  (draw) => ({ do: "call", call: "files.write", args: [pick(draw, PATHS), { bytes: n(draw) }], waits: waits(draw) }),
  (draw) => ({ do: "call", call: "box.give", args: [], waits: waits(draw) }),
  (draw) => ({
    do: "socket",
    which: n(draw),
    call: "write",
    args: [pick(draw, ["a", "ab", ""]), n(draw)],
    waits: waits(draw),
  }),
  (draw) => ({
    do: "socket",
    which: n(draw),
    call: "write",
    args: [pick(draw, ["a", "ab", ""]), n(draw)],
    waits: waits(draw),
  }),
  (draw) => ({ do: "socket", which: n(draw), call: "close", args: [], waits: waits(draw) }),
  (draw) => ({ do: pick(draw, ["keep", "poke"]), which: n(draw), n: n(draw), waits: waits(draw) }),
  (draw) => ({ do: "sleep", ms: int(draw, 1, 30) }),
  (draw) => ({ do: "settle", which: n(draw) }),
  (draw) => ({
    do: "offer",
    n: n(draw),
    steps: drawSteps(draw, 0, 3).filter((step) => step.do !== "sleep"),
    waits: waits(draw),
  }),
  (draw, depth) => ({
    do: "child",
    give: ["net", "files", "box"].filter(() => !isOneIn(draw, 4)),
    steps: drawSteps(draw, depth - 1, 6),
    waits: waits(draw),
  }),
];
/** How many of the last ones need another level. */
const DEEP = 2;

export function drawSteps(draw: Draw, depth: number, most: number): Step[] {
  const of = depth > 0 ? STEPS : STEPS.slice(0, -DEEP);
  return several(draw, 1, most, (next) => {
    if (isOneIn(next, 60)) return { do: pick(next, ["revoke", "stop"] as const) };
    // Children are slow to make.
    const step = pick(next, of)(next, depth);
    return step.do === "child" && !isOneIn(next, 2) ? { do: "settle", which: 0 } : step;
  });
}

/** A policy that restricts nothing of what guests here do, whatever it looks at. */
export function drawAbstaining(draw: Draw, name: string): string {
  const call = pick(draw, NAMES);
  const never = [
    "count net.send > 9000",
    `once ${pattern(draw)} within 1ms and count ${pattern(draw)} > 9000`,
    "1 == 2",
  ];
  const { edits } = CALLS[call];
  const effects = ["deny", "halt", "ask", ...(edits.length > 0 ? ["change"] : [])].map((kind) =>
    kind === "change" ? `change ${call} so ${pick<string>(draw, edits)}` : `${kind} ${call}`,
  );
  const rules = several(draw, 0, 3, (next) => `  ${pick(next, effects)} when ${pick(next, never)}\n`);
  const over = isOneIn(draw, 2) ? `${call.split(".")[0]}.*` : "*";
  return `policy ${name} over ${over} {\n  default abstain\n${rules.join("")}}`;
}

/** One guest, and policies that let it do what it does: none of the plot's own. */
export const anyFreePlot = (policies: number): fc.Arbitrary<Plot> =>
  fc.gen().map((draw) => ({
    text: Array.from({ length: policies }, (_, i) => drawAbstaining(draw, `free${i}`)).join("\n"),
    programs: [drawSteps(draw, 2, 16)],
    answers: [false],
    isLayered: isOneIn(draw, 4),
  }));

export interface Plot {
  readonly text: string;
  readonly programs: readonly (readonly Step[])[];
  /** Of questions, in turn. */
  readonly answers: readonly boolean[];
  readonly isLayered: boolean;
}

/** A policy, the programs of one to two guests under it, and what people say who are asked. */
export const anyPlot = (guests = 2): fc.Arbitrary<Plot> =>
  fc.gen().map((draw) => {
    const prompt = drawPrompt(draw);
    const programs = several(draw, 1, guests, (next) => drawSteps(next, 2, 16));
    return {
      text: drawText(draw, prompt.rules),
      programs: programs.map((steps, at) => (at === 0 ? [...prompt.steps, ...steps] : steps)),
      answers: several(draw, 1, 6, (next) => !isOneIn(next, 4)),
      isLayered: isOneIn(draw, 4),
    };
  });
