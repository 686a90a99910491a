// The whole answer of policies to an event in the making: every rule is looked at. Only `any of` needs that.
import { join, needsGrant } from "../compose.ts";
import { F, T } from "../kleene.ts";
import type { Decision, Joined, PolicyEvent, RPolicy, RRule } from "../resolved.ts";
import { applies } from "./judge.ts";
import { isRefusing, rulesFor } from "./units.ts";
import type { World } from "./world.ts";

const OBLIGING: readonly RRule["effect"]["kind"][] = ["ask", "delay", "change"];

const asEvent = ({ op, kind }: World): PolicyEvent => ({
  kind,
  op,
  data: new Map(),
  time: 0,
  domain: 0,
  capability: 0,
  tenant: "",
});

function decideOne(world: World, policy: RPolicy): Decision {
  if (!policy.over.includes(world.op)) return { granted: false, refusal: undefined, obligations: [], wait: 0 };
  const answers = rulesFor(policy, world).map((rule) => ({ rule, policy, value: applies(world, rule) }));
  const granted =
    policy.default === "allow" || answers.some(({ rule, value }) => rule.effect.kind === "allow" && value === T);
  const restricting = answers.filter(({ value }) => value !== F);
  const refusing = restricting.filter(({ rule }) => isRefusing(rule));
  const order = ["suppress", "deny", "halt"] as const;
  const strictest = order.findLast((effect) => refusing.some(({ rule }) => rule.effect.kind === effect));
  const isNotAllowed = policy.default === "deny" && !granted && needsGrant(asEvent(world));
  const effect = isNotAllowed && strictest !== "halt" ? "deny" : strictest;
  const rule = refusing.find((one) => one.rule.effect.kind === effect)?.rule;
  const obligations = restricting.filter((one) => OBLIGING.includes(one.rule.effect.kind));
  return {
    granted,
    refusal: effect === undefined ? undefined : { effect, policy, rule },
    obligations: obligations.map((one) => ({ policy, rule: one.rule })),
    wait: 0,
  };
}

export const decideWhole = (world: World, joined: Joined): Decision =>
  join(joined, (policy) => decideOne(world, policy));
