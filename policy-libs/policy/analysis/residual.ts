// After a trace: which calls are possible now, which later, and which never again. And how much a policy remembers.
import { compile } from "../compile.ts";
import { eventArguments } from "../event.ts";
import type { Joined, PolicyEvent } from "../resolved.ts";
import type { Scope } from "../tree.ts";
import type { Operation } from "../vocabulary.ts";
import { askingOf } from "./atoms.ts";
import { guestOperations, inquiryOf } from "./claims.ts";
import { type CallClass, callClasses, classesOf } from "./classes.ts";
import type { Question } from "./events.ts";
import type { Past } from "./lab.ts";
import { NOTHING } from "./must.ts";
import { inquire, type Options } from "./refine.ts";
import { replay } from "./trace.ts";
import { cellOf, narrowTo, tableIn, type World } from "./world.ts";

/** Classes of one operation's calls; the others of it are not looked at. */
const MAX_CLASSES = 64;

export type Possible =
  | { readonly when: "now" }
  /** After these events, of which the last is the call. */
  | { readonly when: "later"; readonly after: readonly PolicyEvent[] }
  | { readonly when: "never again" }
  | { readonly when: "unknown"; readonly depth: number; readonly reason: string };

export interface Residue {
  readonly op: Operation;
  /** The simplest call of its class. */
  readonly call: PolicyEvent;
  readonly possible: Possible;
}

export interface Residual {
  readonly calls: readonly Residue[];
  /** Operations of whose calls there are more classes than were looked at. */
  readonly more: readonly Operation[];
}

function eventOf(op: Operation, call: CallClass, past: Past): PolicyEvent {
  const names = [...eventArguments(op, "call").byName];
  const data = names.flatMap(([name, argument]) => {
    const witness = call.get(argument)?.witness;
    return witness === undefined ? [] : [[name, witness] as const];
  });
  return { kind: "call", op, data: new Map(data), time: past.events.at(-1)?.time ?? 0, ...past.place };
}

/** The event has the arguments of this class. */
function isOfClass(world: World, call: CallClass): boolean {
  return [...call].every(([argument, { witness }]) => {
    const at = tableIn(world, argument).find(witness);
    return cellOf(world, argument).classes.includes(at) && narrowTo(world, argument, (one) => one === at);
  });
}

function later(policy: Joined, op: Operation, call: CallClass, past: Past, options: Options): Possible {
  const question: Question = { op, kind: "call", must: NOTHING, ask: (world) => isOfClass(world, call) };
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    event.op === op && replay(policy, history, event).isPerformed;
  const inquiry = inquiryOf(policy, [policy], {}, { questions: () => [question], isAskedFor, past });
  const verdict = inquire(inquiry, options);
  switch (verdict.verdict) {
    case "proved":
      return { when: "never again" };
    case "refuted":
      return { when: "later", after: verdict.trace.slice(past.events.length) };
    case "bounded":
      return { when: "unknown", depth: verdict.depth, reason: verdict.reason };
  }
}

export function residual(policy: Joined, past: Past, options: Options = {}): Residual {
  const asking = askingOf([policy]);
  const calls: Residue[] = [];
  const more: Operation[] = [];
  for (const op of guestOperations([policy], options)) {
    let count = 0;
    for (const call of callClasses(classesOf(op, "call", asking))) {
      if (++count > MAX_CLASSES) {
        more.push(op);
        break;
      }
      const event = eventOf(op, call, past);
      const { isPerformed, decision } = replay(policy, past.events, event);
      const isNow = isPerformed && decision.wait === 0;
      calls.push({ op, call: event, possible: isNow ? { when: "now" } : later(policy, op, call, past, options) });
    }
  }
  return { calls, more };
}

/** Bits of state in each scope. */
export const bound = (policy: Joined): Readonly<Record<Scope, number>> => compile(policy).bits;
