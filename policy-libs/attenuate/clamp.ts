// A clamp: calls that a predicate picks go to another target, which must keep the same contract, or nowhere.
//
//   clamp(files, ({ call, args }) => call === "readText" && args[0] === "passwords", decoys)
//
// Invariants
//   C1  A call goes to one of the two. A predicate that throws or does not answer true or false picks neither.
//   C2  A handle that the first target gave has no counterpart at the other: what is picked there is refused.
//   C3  What the other target gives is not clamped again.
import type { Granted } from "../capability.ts";
import { type Crossing, membrane } from "./membrane.ts";
import { deny } from "./refusal.ts";
import { type Request, requestOf } from "./request.ts";
import { checkSameForm } from "./same-form.ts";

/** Picks calls by capability, name and arguments. If it throws, or says neither yes nor no, the call is denied. */
export type Predicate = (request: Request) => boolean;

function isPicked(predicate: Predicate, crossing: Crossing): boolean {
  let picked: unknown;
  try {
    picked = predicate(requestOf(crossing));
  } catch {
    return deny("E_DENIED");
  }
  return typeof picked === "boolean" ? picked : deny("E_DENIED");
}

type Call = (...args: unknown[]) => unknown;

/** The capability, of which calls that `predicate` picks go to `otherwise`; without one they answer E_DENIED. */
export function clamp<G extends Granted>(granted: G, predicate: Predicate, otherwise?: G): G {
  if (typeof predicate !== "function") throw new TypeError("clamp takes a predicate");
  if (otherwise !== undefined) checkSameForm(granted, otherwise);
  return membrane(granted, {
    around: (crossing, next) => {
      if (!isPicked(predicate, crossing)) return next(crossing.args);
      if (otherwise === undefined || crossing.isDerived) return deny("E_DENIED");
      return (otherwise.functions[crossing.call] as Call)(...crossing.args);
    },
  });
}
