// Values that an embedder gives for parameters when it loads a file.
import { didYouMean } from "../diagnostic.ts";
import type { Policy, Value } from "../tree.ts";
import { type Deployed, NOTHING } from "./link.ts";
import { type ParameterValue, readValue } from "./parameters.ts";
import type { Given } from "./policy.ts";
import type { Unit } from "./unit.ts";

/** Values for one policy of the main file, of those that an embedder gives. */
export function deployedIn(unit: Unit, parameters: ReadonlyMap<string, ParameterValue>): Deployed {
  const read = (policy: Policy): Given => {
    const own = policy.parameters.flatMap((parameter): readonly (readonly [string, Value | readonly Value[]])[] => {
      const given = parameters.get(`${policy.name}.${parameter.name}`) ?? parameters.get(parameter.name);
      const value = given === undefined ? undefined : readValue(unit, parameter, given);
      return value === undefined ? [] : [[parameter.name, value]];
    });
    return new Map(own);
  };
  const made = new Map([...unit.policies.values()].map((policy) => [policy, read(policy)]));
  return (policy) => made.get(policy) ?? NOTHING;
}

/** A misspelled parameter would leave a limit where it was. */
export function checkDeployed(unit: Unit, parameters: ReadonlyMap<string, ParameterValue>): void {
  const pairs = [...unit.policies.values()].flatMap((policy) =>
    policy.parameters.map(({ name }) => [name, `${policy.name}.${name}`] as const),
  );
  const names = new Set(pairs.flat());
  for (const name of parameters.keys()) {
    if (names.has(name)) continue;
    const all = names.size === 0 ? "There are none." : `There are ${[...names].join(", ")}.`;
    unit.report("P120", unit.place(undefined), `no policy has a parameter "${name}"`, didYouMean(name, names) || all);
  }
}
