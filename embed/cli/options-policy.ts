// The options of a run under a policy, and the commands about policy files.
import { type Command, flag, GRANTS, HELP, JSON_OUT, many, value } from "./option.ts";

export const POLICY_OPTIONS = {
  policy: value("FILE", "which of the granted calls may be made, and when: a policy file; `cordon help policy`", many),
  "policy-parameter": value("NAME=VALUE", "a parameter of the policy; NAME or POLICY.NAME", many),
  "policy-import": value(
    "NAME=FILE",
    "what the policy imports as NAME; default: the file NAME beside the policy",
    many,
  ),
  "policy-use": value("NAME", "enforce this policy or bundle of the file; default: its one bundle, else all policies"),
  tenant: value("NAME", "whose run it is, for what a policy counts per tenant"),
  "policy-log": value("FILE", "write every decision, and what happened, to a policy log: `cordon help policy explain`"),
  "policy-mode": value("MODE", "enforce (the default), or record: look on, and refuse nothing but what halts"),
  approve: value("HOW", "what is answered where the policy asks: ask (on the terminal, the default), yes or no"),
};

/** What policy files are checked against, and what they need. */
const FILES = {
  ...GRANTS,
  contract: value("NAME=FILE.json", "a contract of your own, as data, under the name of its grant", many),
  parameter: value("NAME=VALUE", "a parameter of the policies; NAME or POLICY.NAME", many),
  import: value("NAME=FILE", "what a policy imports as NAME; default: the file NAME beside it", many),
};
const AGAINST =
  "Without --grant and --grants a policy may speak of every standard capability under its usual name: files, net, http, ...";

export const POLICY_COMMANDS = {
  policy: {
    usage: "policy VERB ...",
    summary: "policy files: check, test, compare, draw and format them, and turn them into JSON",
    options: { ...HELP },
    examples: ["cordon policy check samples/02-report/report.policy", "cordon help policy check"],
    notes: ["`cordon run FILE --policy P.policy` runs a guest under one."],
  },
  "policy check": {
    usage: "policy check FILE...  [OPTIONS]",
    summary: "syntax, types against the grants, rules that never decide, the file's claims, how much is remembered",
    options: {
      ...FILES,
      strict: flag("what is strange is wrong, and so is a claim that is not proved"),
      analyse: flag("look for rules that never decide however long it takes; without it in files of up to 20 rules"),
      solver: value(
        "NAME",
        "ask it about claims that are neither proved nor refuted else: z3, of the package z3-solver",
      ),
      "solver-time": value("TIME", "of the solver for each such question; default: 10s"),
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon policy check samples/02-report/report.policy",
      "cordon policy check samples/02-report/report.policy --grant files=ro:samples/02-report/data --strict",
      "cordon policy check samples/02-report/report.policy --solver z3",
    ],
    notes: [
      "`--solver` is for claims about sums, large counts, and arguments that are compared with each other.",
      "The package is optional: `npm install z3-solver` beside cordon (35 MB). A proof of its is said to be its.",
      AGAINST,
    ],
  },
  "policy test": {
    usage: "policy test FILE...  [OPTIONS]",
    summary: "run the tests that stand beside the policies",
    options: { ...FILES, ...JSON_OUT, ...HELP },
    examples: ["cordon policy test samples/02-report/report.policy"],
    notes: ["A step that went otherwise than it says is told with its line, and with the rule that decided.", AGAINST],
  },
  "policy diff": {
    usage: "policy diff A B  [OPTIONS]",
    summary: "do two files allow the same? narrower, wider, or a shortest trace that tells them apart",
    options: { ...FILES, ...JSON_OUT, ...HELP },
    examples: ["cordon policy diff samples/02-report/report.policy samples/02-report/report.policy"],
    notes: ["Exits with 0 if they are proved to be the same, else with 1.", AGAINST],
  },
  "policy explain": {
    usage: "policy explain FILE LOG  [OPTIONS]",
    summary: "every refusal in a policy log: which rule, which condition, which earlier event, what would be allowed",
    options: { ...FILES, ...JSON_OUT, ...HELP },
    examples: ["cordon policy explain samples/02-report/report.policy samples/02-report/policy.log"],
    notes: ["`cordon run GUEST --policy FILE --policy-log LOG` writes the log.", AGAINST],
  },
  "policy replay": {
    usage: "policy replay FILE LOG  [OPTIONS]",
    summary: "a policy log against another policy: what would have been decided differently, and why",
    options: { ...FILES, ...JSON_OUT, ...HELP },
    examples: ["cordon policy replay samples/02-report/report.policy samples/02-report/policy.log"],
    notes: [
      "After the first difference the log is not what would have happened. Exits with 1 if there is one.",
      AGAINST,
    ],
  },
  "policy learn": {
    usage: "policy learn LOG  [OPTIONS]",
    summary: "the least policy that allows what a log tells, with the log as its tests",
    options: {
      ...FILES,
      name: value("NAME", "of the policy; default: learned"),
      root: value("PATH", "a directory above which no rule goes", many),
      ...HELP,
    },
    examples: ["cordon policy learn samples/02-report/policy.log"],
    notes: [
      "Record with `--policy-mode record`: nothing is refused then but what halts. Read it before you use it.",
      AGAINST,
    ],
  },
  "policy graph": {
    usage: "policy graph FILE  [OPTIONS]",
    summary: "draw what a policy remembers: its states, which calls lead from one to the next, which are refused where",
    options: {
      ...FILES,
      policy: value("NAME", "draw this policy or bundle of the file; default: what is enforced of it"),
      svg: value("FILE", "write the picture as SVG to this file; -: to standard output"),
      ...JSON_OUT,
      ...HELP,
    },
    examples: [
      "cordon policy graph samples/02-report/report.policy --parameter files_read=2",
      "cordon policy graph samples/02-report/report.policy --svg -",
    ],
    notes: [
      "States are the values of what has few: `once`, `previous`, `carries`, small counts and levels.",
      "What else decides is said on the edge: depends on arguments, depends on time. More than 64 states are not drawn.",
      AGAINST,
    ],
  },
  "policy fmt": {
    usage: "policy fmt FILE... | -  [OPTIONS]",
    summary: "set files in the one way: in place, or from standard input to standard output",
    options: { check: flag("change nothing; say which files would change, and exit with 1"), ...JSON_OUT, ...HELP },
    examples: ["cordon policy fmt samples/02-report/report.policy --check"],
    notes: ["Comments stay, nothing is reordered, and doing it again changes nothing."],
  },
  "policy json": {
    usage: "policy json FILE | -",
    summary: "a policy file as JSON, and back: of a file that is JSON, the policy's text",
    options: { ...HELP },
    examples: ["cordon policy json samples/02-report/report.policy"],
    notes: ["`cordon policy schema` prints the schema. JSON has no comments: they are lost."],
  },
  "policy schema": {
    usage: "policy schema",
    summary: "print the JSON schema of policies as JSON",
    options: { ...HELP },
    examples: ["cordon policy schema"],
  },
} as const satisfies Record<string, Command>;
