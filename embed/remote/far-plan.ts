// A plan of data made into one of a sandbox here: what it grants posts, what it says is posted.
import type { CallRecord, Capability, Contract, Image } from "../../kernel/index.ts";
import type { Meter } from "../../policy-libs/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import type { Plan } from "../birth.ts";
import type { CallEntry, Prepared } from "../capability.ts";
import type { Residency } from "../hibernation/residency.ts";
import type { LoadedModule } from "../modules.ts";
import { LINE_COST, type Output } from "../output.ts";
import { facadeOf } from "../power.ts";
import { realRandom, seededRandom } from "../randomness.ts";
import { encodeValue } from "../values.ts";
import { OP, type Post } from "./frame.ts";
import type { Passage } from "./passage.ts";
import type { GrantData, PlanData } from "./plan-data.ts";

/** How the embedder's side and this one call what loads modules. */
export const LOADER = permissive("system.modules", ["load"]);

const DONE = encodeValue(undefined).slice();

/** The embedder's own output bounds what is said, in the same way; this bounds what is posted. */
function outputTo(post: Post): Output {
  let [left, isCut] = [0, false];
  return {
    target(_method, bytes, length) {
      if (isCut) return DONE;
      left -= length + LINE_COST;
      isCut = left < 0;
      post(OP.SAY, [], bytes.subarray(0, length));
      return DONE;
    },
    start(limit) {
      [left, isCut] = [limit, false];
    },
    lines: () => [],
  };
}

/** Where the guest can be parked it is, until it is known whether the function's result needs time. */
function grantOf(data: GrantData, contract: Contract, passage: Passage, canSuspend: boolean): Prepared {
  const isAtOnce = ({ mode }: { mode: string }): boolean => canSuspend && mode === "sync";
  const atOnce = new Set(data.calls.filter(isAtOnce).map(({ method }) => method));
  const root: Capability = passage.get(data.id, contract, atOnce);
  const calls = data.calls.map((call): [string, CallEntry] => {
    const entry: CallEntry = { method: call.method, mode: call.mode };
    return [call.name, call.passes ? { ...entry, passes: true } : entry];
  });
  return { name: data.name, contract, calls: Object.fromEntries(calls), capability: () => root };
}

export interface FarPlanParts {
  readonly post: Post;
  readonly passage: Passage;
  readonly contracts: ReadonlyMap<number, Contract>;
  readonly leash: Meter;
  readonly canSuspend: boolean;
  readonly trace: ((record: CallRecord) => void) | undefined;
  readonly image: Image | undefined;
  /** Where it sleeps, if not here. */
  readonly residency: Residency | undefined;
}

export function planFrom(data: PlanData, parts: FarPlanParts): Plan {
  const { post, passage, contracts, leash, canSuspend, trace, image, residency } = parts;
  const { virtual, origin, confinement, id } = data;
  const load = data.load === null ? undefined : facadeOf(passage.get(data.load, LOADER)).functions["load"];
  return {
    ...{ name: data.name, limits: data.limits, timeZoneOffset: data.timeZoneOffset, paying: leash, trace },
    options: {
      ...(confinement === null ? {} : { confinement }),
      ...(residency === undefined || id === null ? {} : { residency, id }),
    },
    grants: data.grants.map((grant) => grantOf(grant, contracts.get(grant.contract) as Contract, passage, canSuspend)),
    ...{ policy: undefined, audits: [], above: undefined, output: outputTo(post) },
    load: load && ((...names) => (load as (...names: string[]) => Promise<LoadedModule>)(...names)),
    virtual: virtual === null ? undefined : { start: virtual.start, seed: virtual.seed ?? undefined },
    start: virtual?.start ?? 0,
    random: virtual === null ? realRandom : seededRandom(virtual.seed ?? undefined),
    ...(origin === null || image === undefined
      ? {}
      : { origin: { image, incarnation: origin.incarnation, handles: origin.handles } }),
  };
}
