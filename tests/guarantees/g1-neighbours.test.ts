// Noninterference: two runs of which a neighbour, or a former tenant, has other secrets, or does other things, give the same
// observations. In frames, in segments and in arenas.
import { hash } from "node:crypto";
import { test as fuzz } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Artifact, Domain, Kernel } from "../../kernel/index.ts";
import { type Confinement, runs } from "../kit/confinement.ts";
import { anyProgram } from "../kit/generators.ts";
import { PAGES, type Program } from "../kit/program.ts";
import { loadSource, newKernel, spawn } from "../kit/world.ts";
import { doing, HOWS, modeIn, note, type World, worldOf } from "./arena-guest.ts";
import { restless } from "./restless.ts";
import "../kit/vitest.ts";

const PAGE = 65_536;
const ROOM = 16;

/** All that is to be seen of a domain, from inside and from outside. */
const seen = (domain: Domain): unknown => ({
  memory: domain.read((memory) => hash("sha1", memory)),
  globals: domain.read((_, globals) => globals.map(String)),
  usage: domain.usage(),
  ending: domain.ending(),
});

/** What a neighbour has and nobody else is to see: all of its memory, its globals, and what it computes with. */
type Secret = { readonly byte: number; readonly number: number; readonly args: Program["args"] };
const SECRETS: readonly Secret[] = [
  { byte: 0xa5, number: 12_345, args: [1, 2n, 3.5, -4.5] },
  { byte: 0x5a, number: -777, args: [-9, 99n, -0.5, 1e9] },
];

function holding(kernel: Kernel, artifact: Artifact, { byte, number }: Secret): Domain {
  const chunks = [{ at: 0, bytes: new Uint8Array(PAGES * PAGE).fill(byte) }];
  const image = { pages: PAGES, chunks, globals: [number, BigInt(number), number / 8, number / 64] };
  const domain = (kernel.spawn(artifact, { limits: { pages: ROOM, inFlight: 0 }, image }) as { value: Domain }).value;
  domain.allow({ fuel: 200_000, calls: 0, bytes: 0, deadline: Number.POSITIVE_INFINITY });
  return domain;
}

/** Observations of a program beside neighbours with a secret, or alone. */
async function observed(kernel: Kernel, artifact: Artifact, { args }: Program, secret?: Secret): Promise<unknown> {
  const others = (count: number): Domain[] =>
    secret === undefined ? [] : Array.from({ length: count }, () => holding(kernel, artifact, secret));
  const go = (all: readonly Domain[]) => all.map((domain) => domain.enter("run", secret?.args ?? []));
  const [former, latter, before] = [others(1), others(1), others(1)];
  await Promise.all(go(former));
  for (const domain of former) domain.end();
  const subject = spawn(kernel, artifact, { limits: { pages: ROOM }, allowance: { fuel: 200_000 } });
  const beside = [...before, ...others(1)];
  const story: unknown[] = [];
  for (const [name, given] of [
    ["run", args],
    ["digest", [0]],
    ["run", args],
    ["digest", [0]],
  ] as const) {
    const [running, outcome] = [go(beside), subject.enter(name, given)];
    if (name === "digest") for (const domain of latter) domain.end();
    story.push(fc.stringify(await outcome), seen(subject));
    await Promise.all(running);
  }
  for (const domain of [subject, ...beside]) domain.end();
  return story;
}

describe.each(HOWS)("G1 memory: noninterference of neighbours (%s)", (how) => {
  const kernel = newKernel(restless(7), how);

  fuzz.prop([anyProgram({ addresses: "wild" })], runs(40))(
    "a program sees nothing of the memory, the globals and the doings of those beside it and before it",
    async (program) => {
      const artifact = loadSource(kernel, program.bytes, modeIn(how, ROOM));
      const quiet = await observed(kernel, artifact, program);
      for (const secret of SECRETS) expect(await observed(kernel, artifact, program, secret)).toEqual(quiet);
    },
  );
});

type Step = readonly [name: string, at: number, by: number];
const anyStep = (...names: readonly string[]): fc.Arbitrary<Step> =>
  fc.tuple(fc.constantFrom(...names), fc.nat(4), fc.nat(60_000));

/** One step of a guest that talks, waits and calls. What it says goes to `heard`. */
async function step(domain: Domain, [name, at, by]: Step): Promise<unknown> {
  if (name === "wait") {
    const waiting = domain.enter("await", [at]);
    void domain.request(1, note(by));
    return await waiting;
  }
  if (name === "nap") {
    const kept = domain.hibernate(
      (memory) => memory.slice(),
      () => undefined,
    );
    return kept && domain.wake([{ at: 0, bytes: kept }]).kind;
  }
  const args: Readonly<Record<string, readonly (number | bigint)[]>> = {
    ...{ set: [by, BigInt(by) ** 3n], grow: [at], poke: [by, at], spin: [by], nest: [0, at], tell: [0], look: [] },
    ...{ trap: [], deep: [], work: [1] },
  };
  if (name === "work") void domain.request(1, note(by));
  return await domain.enter(name, args[name] ?? []);
}

const SUBJECT = ["look", "tell", "wait", "grow", "poke", "spin", "nest", "nap", "set"];
const NEIGHBOUR = [...SUBJECT, "trap", "deep", "birth", "end"];

/** A subject's own steps, and what another does in each of its gates and between them. */
async function talk(world: World, own: readonly Step[], theirs: readonly Step[]): Promise<unknown> {
  const others = [await world.born(theirs.length), await world.born(theirs[0]?.[2] ?? 5)];
  const former = await world.born(theirs[0]?.[2] ?? 9);
  await former.enter("poke", [PAGE - 1, theirs.length]);
  former.end();
  const subject = await world.born(1);
  const todo = [...theirs];
  const going: unknown[] = [];
  const others_do = (): void => {
    const next = todo.shift();
    const [name = "", at = 0, by = 0] = next ?? [];
    if (name === "birth") going.push(world.born(by).then((domain) => others.push(domain)));
    else if (name === "end") others[at % others.length]?.end();
    else if (next !== undefined) going.push(step(others[at % others.length] as Domain, next));
  };
  const heard: unknown[] = [];
  for (const domain of [subject, ...others])
    domain.grant(
      doing((method, bytes) => {
        if (domain === subject) heard.push([method, ...bytes]);
        others_do();
      }),
    );
  const story: unknown[] = [];
  for (const one of own) {
    const mine = step(subject, one);
    others_do();
    story.push(fc.stringify(await mine), seen(subject));
    others_do();
  }
  for (const domain of [subject, ...others]) domain.end();
  await Promise.all(going);
  return [story, heard];
}

describe.each(HOWS)("G1 memory: noninterference of those who talk (%s)", (how: Confinement) => {
  const world = worldOf(how, restless(3));
  const steps = (names: readonly string[]) => fc.array(anyStep(...names), { minLength: 1, maxLength: 12 });

  fuzz.prop([steps(SUBJECT), steps(NEIGHBOUR), steps(NEIGHBOUR)], runs(120))(
    "what it answers, sends, pays and keeps is the same, whatever others have and do in its gates and in between",
    async (own, theirs, instead) => {
      expect(await talk(world, own, theirs)).toEqual(await talk(world, own, instead));
    },
  );

  test("a subject that is not confined would be seen: another state gives another story", async () => {
    const [story, other] = [
      await talk(world, [["look", 0, 0]], []),
      await talk(
        world,
        [
          ["set", 0, 5],
          ["look", 0, 0],
        ],
        [],
      ),
    ];
    expect(story).not.toEqual(other);
  });
});
