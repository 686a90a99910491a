// What each policy and each bundle of a file remembers, for who reads the file and has not chosen what to enforce.
import { boundOf } from "./bound.ts";
import type { Loaded, ParameterValue } from "./load.ts";
import type { Scope } from "./tree.ts";

/** Bits of what is remembered of each domain, capability, tenant, and of the host. */
export type Bound = ReadonlyMap<Scope, number>;

export interface Bounds {
  /** Of what is enforced if nothing else is said. Undefined: there is nothing. */
  readonly entry: Bound | undefined;
  readonly bundles: ReadonlyMap<string, Bound>;
  /** Undefined: it needs an argument, and what it remembers may depend on it. */
  readonly policies: ReadonlyMap<string, Bound | undefined>;
}

/** `parameters`: what the file was loaded with. */
export function boundsOf(
  { policies, bundles, entry }: Loaded,
  parameters: ReadonlyMap<string, ParameterValue> = new Map(),
): Bounds {
  const own = [...policies.values()].map((template) => {
    const names = new Set(template.parameters.flatMap(({ name }) => [name, `${template.name}.${name}`]));
    const made = template.instantiate(new Map([...parameters].filter(([name]) => names.has(name))));
    return [template.name, made.kind === "instance" ? boundOf(made.policy) : undefined] as const;
  });
  return {
    entry: entry && boundOf(entry),
    bundles: new Map([...bundles].map(([name, joined]) => [name, boundOf(joined)])),
    policies: new Map(own),
  };
}
