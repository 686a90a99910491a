// Sandboxes and jobs of a pool that go on from a template or a snapshot.
import type { Plan } from "../birth.ts";
import { planSandbox } from "../birth.ts";
import type { CallEntry, Prepared } from "../capability.ts";
import type { Engine } from "../engine.ts";
import { CordonError } from "../errors.ts";
import type { SandboxOptions } from "../options.ts";
import { insideOf, isTemplate, type Template } from "../template.ts";
import { cap } from "./options.ts";
import type { Member, PoolState } from "./state.ts";

/** From where it goes on. */
export interface FromOptions {
  /** A template, or the bytes of a snapshot. */
  readonly from?: Template | Uint8Array | undefined;
  /** The key with which the snapshot was sealed: see createSandbox. */
  readonly key?: Uint8Array | undefined;
}

/** What is known at once, and what it becomes when the snapshot was read. */
export interface Begun {
  readonly plan: Plan;
  whole(): Promise<Plan>;
}

/** A guest knows how it was told to call what it is granted; its copies are not told again. */
export function asConfigured(plan: Plan, grants: readonly Prepared[]): Plan {
  const like = ({ calls }: Prepared, { calls: told = calls }: Partial<Prepared> = {}) =>
    Object.fromEntries(
      Object.entries(calls).map(([name, entry]): [string, CallEntry] => [
        name,
        { ...entry, mode: Object.hasOwn(told, name) ? (told[name] as CallEntry).mode : entry.mode },
      ]),
    );
  return { ...plan, grants: plan.grants.map((grant, i) => ({ ...grant, calls: like(grant, grants[i]) })) };
}

const capped = (plan: Plan, { tenant }: Member): Plan => ({ ...plan, limits: cap(plan.limits, tenant.limits) });

function ofTenant({ tenant: { meter } }: Member, options: SandboxOptions): SandboxOptions {
  if (options.meter !== undefined) throw new CordonError("E_OPTION", "in a pool the tenant pays: give it the meter");
  return { ...options, meter };
}

function ofTemplate({ engine }: PoolState, member: Member, from: Template, options: object): Begun {
  const inside = insideOf(from);
  const plan = capped(asConfigured(inside.plan(ofTenant(member, options)), inside.grants), member);
  return { plan, whole: async () => sameEngine(plan, await engine(), inside.engine) };
}

async function sameEngine(plan: Plan, ours: Engine, theirs: Engine): Promise<Plan> {
  if (ours.kernel === theirs.kernel || (await ours.fingerprint()) === (await theirs.fingerprint())) return plan;
  throw new CordonError("E_OPTION", "from: the template is of another engine");
}

/** The plan of a sandbox of a tenant: under its meter and its limits. */
export function begin(state: PoolState, member: Member, { from, key }: FromOptions, options: SandboxOptions): Begun {
  if (from === undefined && key !== undefined)
    throw new CordonError("E_OPTION", "key is for a snapshot: pass its bytes as `from`");
  if (isTemplate(from) && key !== undefined)
    throw new CordonError("E_OPTION", "key: a template needs none, it never left this process");
  if (isTemplate(from)) return ofTemplate(state, member, from, options);
  const plan = capped(planSandbox(ofTenant(member, options)), member);
  if (from === undefined) return { plan, whole: async () => plan };
  return {
    plan,
    whole: async () => (await import("../saved.ts")).planSaved(await state.engine(), from, key, plan),
  };
}
