// Matchers for vitest: one for every outcome. `expect.extend(matchers)` makes them known.
import type { Outcome, Resource, RuleId } from "../../kernel/index.ts";

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? String(value);

const verdict = (pass: boolean, received: unknown, wanted: string): Verdict => ({
  pass,
  message: () => `${show(received)} ${pass ? "is" : "is not"} ${wanted}`,
});

const isRefused = ({ kind }: Outcome<unknown>): boolean => ["malformed", "invalid", "unsafe"].includes(kind);

export const matchers = {
  /** A module that breaks this rule: refused with its id and a byte offset. */
  toBeInvalid(received: Outcome<unknown>, rule?: RuleId): Verdict {
    const pass = isRefused(received) && "rule" in received && (rule === undefined || received.rule === rule);
    return verdict(pass, received, `refused by the rule ${rule ?? "(any)"}`);
  },
  toBeReturned(received: Outcome<unknown>, value?: unknown): Verdict {
    const returned = received.kind === "returned";
    const pass = returned && (value === undefined || show(received.value) === show(value));
    return verdict(pass, received, `returned ${value === undefined ? "" : show(value)}`);
  },
  toBeExhausted(received: Outcome<unknown>, resource?: Resource): Verdict {
    const pass = received.kind === "exhausted" && (resource === undefined || received.resource === resource);
    return verdict(pass, received, `exhausted: ${resource ?? "(any)"}`);
  },
  toBeTrapped(received: Outcome<unknown>): Verdict {
    return verdict(received.kind === "trap", received, "a trap");
  },
  toBeAborted(received: Outcome<unknown>): Verdict {
    return verdict(received.kind === "aborted", received, "aborted");
  },
  toBeRefused(received: Outcome<unknown>, why?: string): Verdict {
    const pass = received.kind === "refused" && (why === undefined || received.why === why);
    return verdict(pass, received, `refused ${why ?? ""}`);
  },
  toBeUnlinkable(received: Outcome<unknown>, name?: string): Verdict {
    const pass = received.kind === "unlinkable" && (name === undefined || received.name === name);
    return verdict(pass, received, `unlinkable ${name ?? ""}`);
  },
};

export interface OutcomeMatchers<R = unknown> {
  toBeInvalid(rule?: RuleId): R;
  toBeReturned(value?: unknown): R;
  toBeExhausted(resource?: Resource): R;
  toBeTrapped(): R;
  toBeAborted(): R;
  toBeRefused(why?: string): R;
  toBeUnlinkable(name?: string): R;
}
