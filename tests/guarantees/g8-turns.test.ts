// Turns at one machine: whatever three domains do to each other, in whatever order, inside of whose call, parked or
// asleep, is what it is where each has a machine of its own.
import { test as fuzz } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import type { Domain } from "../../kernel/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import { fakePowers, PLENTY } from "../kit/world.ts";
import { newHome, type Place, placesWith, sleep } from "./residence-guest.ts";

type Said = Promise<unknown> | undefined;
type Deed = keyof typeof DEEDS;
type Act = { readonly who: number; readonly what: Deed; readonly arg: number; readonly inside: readonly Act[] };

/** What each says in the end; undefined: nothing. Called: `inside` happens while it waits. */
const DEEDS = {
  call: (domain: Domain): Said => domain.enter("call", [0]),
  wait: (domain: Domain, arg: number): Said => domain.enter("wait", [arg % 4]),
  poke: (domain: Domain, arg: number): Said => domain.enter("poke", [20 + arg, arg]),
  peek: (domain: Domain, arg: number): Said => domain.enter("peek", [16 + (arg % 8)]),
  own: (domain: Domain, arg: number): Said => domain.enter("own", [BigInt(arg)]),
  grow: (domain: Domain, arg: number): Said => domain.enter("grow", [arg % 4]),
  trap: (domain: Domain): Said => domain.enter("trap", []),
  spin: (domain: Domain): Said => domain.enter("spin", []),
  message: (domain: Domain): Said => void domain.request(0, Uint8Array.of(1)),
  end: (domain: Domain): Said => void domain.end(),
  nap(domain: Domain): Said {
    const kept = sleep(domain);
    return kept && Promise.resolve(domain.wake(kept).kind);
  },
};

const { act } = fc.letrec<{ act: Act }>((tie) => ({
  act: fc.record({
    who: fc.nat(2),
    what: fc.constantFrom<Deed[]>("call", "call", "wait", ...(Object.keys(DEEDS) as Deed[])),
    arg: fc.nat(40),
    inside: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie("act"), { maxLength: 3 })),
  }),
}));

/** All that is said, and what is left: endings, fuel and memory, globals, and what is still paid for. */
async function story(place: Place, acts: readonly Act[]): Promise<unknown> {
  const { spawn, paid } = newHome(place);
  const domains = [spawn(), spawn(), spawn()];
  const said: Said[] = [];
  let plan: readonly Act[] = [];
  function perform({ who, what, arg, inside }: Act): void {
    plan = inside;
    said.push(DEEDS[what](domains[who] as Domain, arg));
    plan = [];
  }
  const target = (): Uint8Array => {
    for (const inner of plan) perform(inner);
    return Uint8Array.of(0xf7);
  };
  for (const [i, domain] of domains.entries()) {
    domain.allow({ ...PLENTY, fuel: 300_000 });
    domain.grant({ contract: permissive("nest", ["nest"]), target });
    await domain.enter("poke", [16, i + 1]);
  }
  for (const one of acts) {
    perform(one);
    if (one.arg % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const left = domains.map((domain) => [
    ...[domain.ending(), domain.usage()],
    domain.read((memory, globals) => [memory.slice(0, 100), [...globals]]),
  ]);
  for (const domain of domains) domain.end();
  return { left, said: await Promise.all(said), paid: paid() };
}

const places = placesWith(fakePowers(() => 0)) as [Place, Place, Place];

fuzz.prop([fc.array(act, { minLength: 1, maxLength: 12 })], { numRuns: 200 })(
  "G8, G9: domains that take turns at one machine do what they do at machines of their own",
  async (acts) => {
    const alone = await story(places[0], acts);
    expect(alone).toMatchObject({ paid: [0, 0] });
    expect(await story(places[1], acts)).toEqual(alone);
    expect(await story(places[2], acts)).toEqual(alone);
  },
);
