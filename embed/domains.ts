// Guests that host guests: the capability `domain`.
//
//   const grant = { domains: domains({ allow: { files }, most: 5 }) };
//   await run({ grant, source: `
//     const child = await domains.create({ give: ["files"], limits: { fuel: 1e6 } });
//     (await child.run("await files.readText('a.txt')")).value` });
//
// Invariants
//   D1  A child holds what `allow` has under the names that its parent gave, and nothing else.
//   D2  A child's limits are at most its parent's. Whatever it uses counts in its parent's account as well (fuel, memory
//       and bytes of the run that goes on, calls in flight) and its calls among its parent's: all together never use
//       more than the one at the top may.
//   D3  So many children of one domain live at once, and so deep. A child under a virtual clock has one, too.
import { capability, currentCall, type GrantedOf } from "../policy-libs/index.ts";
import { type Maker, type Plan, payerOf, planSandbox } from "./birth.ts";
import { newBox } from "./box.ts";
import { type Grants, prepareGrants } from "./capability.ts";
import { type ChildSandbox, childOf } from "./child.ts";
import { allowing } from "./child-grants.ts";
import { startOf } from "./clock.ts";
import { DOMAIN } from "./domain-contract.ts";
import type { Engine } from "./engine.ts";
import { CordonError, isCordonError } from "./errors.ts";
import { type LimitName, type Limits, type LimitsOption, overrideLimits } from "./limits.ts";
import type { ModulesOption } from "./modules.ts";
import type { SandboxOptions } from "./options.ts";
import { escapeControls } from "./output.ts";
import { readPlain } from "./plain.ts";
import { sandboxOf } from "./sandbox.ts";
import type { Language } from "./typescript.ts";

/** What guests may give to those that they make, and how many there may be. */
export interface DomainsOptions {
  /** What children may be given, by name. Default: nothing. */
  readonly allow?: Grants | undefined;
  /** Children of one domain that may live at once. Default: 10. */
  readonly most?: number | undefined;
  /** What each run of a child may use at most. Default: what its parent's may. */
  readonly limits?: LimitsOption | undefined;
  /** How deep: with 2, children may be given `domains` themselves. Default: 1. */
  readonly depth?: number | undefined;
  /** What `import` finds in children. Default: nothing. */
  readonly modules?: ModulesOption | undefined;
}

type Create = Parameters<GrantedOf<typeof DOMAIN>["functions"]["create"]>[0];

/** One level of children. */
interface Family {
  readonly engine: () => Promise<Engine>;
  readonly options: DomainsOptions;
  readonly allow: Grants;
  readonly most: number;
  /** Of each parent: how many children live, and how many were made. */
  readonly counts: WeakMap<Maker, { alive: number; made: number }>;
}

const KEYS = ["allow", "most", "limits", "depth", "modules"];
/** Meters below meters: the kernel's bound leaves room for those of the embedder. */
const MOST_DEPTH = 32;

const refusal = (code: string, message: string): Error => Object.assign(new Error(message), { code });

function refuse(code: string, message: string): never {
  throw refusal(code, message);
}

/** As much as asked for, and no more than the cap. */
function capped(cap: Limits, asked: unknown): Limits {
  const wanted = Object.entries(overrideLimits(cap, asked)) as [LimitName, number][];
  return Object.fromEntries(wanted.map(([name, value]) => [name, Math.min(value, cap[name])])) as unknown as Limits;
}

function given(allow: Grants, names: readonly string[]): Grants {
  const unknown = names.find((name) => !Object.hasOwn(allow, name));
  if (unknown !== undefined) refuse("E_DENIED", `children may not be given ${JSON.stringify(unknown)}`);
  return Object.fromEntries(names.map((name) => [name, allow[name]])) as Grants;
}

/** The same program makes the same children: time and chance of a child come from its parent's. */
function virtualOf({ virtual, clock }: Maker, number: number): SandboxOptions["virtual"] {
  if (virtual === undefined) return undefined;
  return { start: startOf({ start: Math.floor(clock.now()) }), seed: `${virtual.seed ?? ""}/${number}` };
}

/** What the guest asks for, as options of a sandbox. A wrong limit is its own mistake. */
function optionsOf(family: Family, parent: Maker, asked: NonNullable<Create>, number: number): SandboxOptions {
  try {
    return {
      grant: given(family.allow, asked.give ?? []),
      limits: capped(capped(parent.limits, family.options.limits), asked.limits),
      modules: family.options.modules,
      meter: parent.account,
      timeZoneOffset: parent.timeZoneOffset,
      virtual: virtualOf(parent, number),
    };
  } catch (error) {
    throw isCordonError(error) ? refusal("E_VALUE", error.message) : error;
  }
}

/** Where its parent lives. */
const make = async ({ engine }: Family, { makeChild }: Maker, plan: Plan): Promise<ChildSandbox> =>
  makeChild === undefined ? sandboxOf(await newBox(engine, plan)) : makeChild(plan);

async function create(family: Family, asked: Create = {}): Promise<ReturnType<typeof childOf>> {
  const call = currentCall();
  const parent = payerOf(call?.account) ?? refuse("E_DENIED", "only a guest can make a child");
  const dropped = call?.signal();
  const count = family.counts.get(parent) ?? { alive: 0, made: 0 };
  family.counts.set(parent, count);
  const options = optionsOf(family, parent, asked, count.made);
  if (count.alive >= family.most) refuse("E_QUOTA", `${family.most} children live already: end one`);
  count.alive++;
  const name = escapeControls(asked.name ?? `child ${++count.made}`);
  let isOver = false;
  const onEnd = (): void => {
    if (!isOver) count.alive--;
    isOver = true;
  };
  try {
    const plan = { ...planSandbox(options), name, above: parent.meter, policy: parent.policed };
    const housed = { ...plan.options, confinement: parent.confinement };
    const sandbox = await make(family, parent, { ...plan, options: housed });
    if (dropped?.aborted === true) sandbox.dispose();
    if (sandbox.ended() !== undefined) refuse("E_ENDED", "the child has ended");
    const language: Language = asked.language ?? "javascript";
    return childOf({ sandbox, language, isVirtual: options.virtual !== undefined, onEnd });
  } catch (error) {
    onEnd();
    // Too many meters above each other, or too little left for one more domain.
    if (isCordonError(error) || error instanceof RangeError) throw refusal("E_QUOTA", "no domain could be made");
    throw error;
  }
}

function checkCount(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new CordonError("E_OPTION", `domains.${name} must be a whole number from 1 to ${most}`);
}

function checked(alleged: DomainsOptions): DomainsOptions {
  const options = readPlain<DomainsOptions>(alleged, "what domains takes");
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new CordonError("E_OPTION", `domains has no option ${JSON.stringify(unknown)}`);
  prepareGrants(options.allow);
  planSandbox({ limits: options.limits, modules: options.modules });
  return options;
}

/** The capability to make child domains. Granted to a guest, its children count as parts of that guest. */
export function newDomains(engine: () => Promise<Engine>, alleged: DomainsOptions): GrantedOf<typeof DOMAIN> {
  const options = checked(alleged);
  const depth = checkCount("depth", options.depth ?? 1, MOST_DEPTH);
  const most = checkCount("most", options.most ?? 10, 10_000);
  const below = depth === 1 ? {} : { domains: newDomains(engine, { ...options, depth: depth - 1 }) };
  if (depth > 1 && Object.hasOwn(options.allow ?? {}, "domains"))
    throw new CordonError("E_OPTION", "domains.allow has domains already: leave out depth");
  const family: Family = { engine, options, allow: { ...options.allow, ...below }, most, counts: new WeakMap() };
  return allowing(capability(DOMAIN, { create: (asked) => create(family, asked) }), family.allow);
}
