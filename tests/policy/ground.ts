// A vocabulary for tests by hand, and short ways to ask what a condition or a policy says after a history.
import type { Kleene } from "../../policy-libs/policy/kleene.ts";
import { judge } from "../../policy-libs/policy/past.ts";
import { decideByHistory, momentOf } from "../../policy-libs/policy/reference.ts";
import type { Datum, HistoryKind, Joined, PolicyEvent, RCond } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import type { Verdict } from "../../policy-libs/policy/tree.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { argument as arg, event, operation } from "../kit/resolved.ts";

export const SEND = operation("net.send", 0, [arg("host", "host"), arg("port", "int"), arg("size", "int", true)]);
export const READ = operation("files.read", 1, [arg("path", "path")], [arg("text", "text")]);
export const OPEN = operation("window.open", 2, []);
export const CLOSE = operation("window.close", 3, []);
export const CONFIRM = operation("user.confirm", 4, []);
export const DIVIDE = operation("vm.divide", 5, [arg("divisor", "int")]);

type Data = { readonly [name: string]: Datum };
type Rest = Partial<Omit<PolicyEvent, "op" | "data">>;

export const send = (host: string, size?: number, rest: Rest = {}): PolicyEvent =>
  event(SEND, { host, port: 443, ...(size === undefined ? {} : { size }) }, rest);
export const read = (path = "/a", rest: Rest = {}): PolicyEvent => event(READ, { path }, rest);
export const simple = (op: Operation, kind: HistoryKind = "call", rest: Rest = {}): PolicyEvent =>
  event(op, {}, { kind, ...rest });
export const of = (op: Operation, data: Data, rest: Rest = {}): PolicyEvent => event(op, data, rest);

/** T, F or U. */
export const truthOf = (cond: RCond, history: readonly PolicyEvent[], now: PolicyEvent): "F" | "T" | "U" =>
  (["F", "T", "U"] as const)[judge(momentOf(history, now), cond) as Kleene];

export const verdictOf = (policy: Joined, history: readonly PolicyEvent[], now: PolicyEvent): Verdict =>
  settle((one) => decideByHistory(policy, history, one), now).verdict;
