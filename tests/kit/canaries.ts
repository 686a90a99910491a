// Canaries: neighbours whose memory is filled with a known pattern and looked at again afterwards.
import type { Domain, Kernel } from "../../kernel/index.ts";
import { assemble, type Bytes, type Code } from "./assemble.ts";
import { loadSource, mustReturn, spawn } from "./world.ts";

/** The pattern at an address: no two neighbouring words are equal, none is zero. */
const pattern: Code = [["local.get", 0], ["i32.const", -1640531527], ["i32.mul"], ["local.get", 1], ["i32.xor"]];
const whileBelow = (bytes: number, code: Code): Code => [
  ["loop", ""],
  ...code,
  ...([["local.get", 0], ["i32.const", 4], ["i32.add"], ["local.tee", 0]] as const),
  ...([["i32.const", bytes], ["i32.lt_u"], ["br_if", 0], ["end"]] as const),
];

/** Exports `fill(_, seed)` and `wrong(_, seed)`: how many words are no longer what they were. */
export function canarySource(pages: number): Bytes {
  const bytes = pages * 65_536;
  return assemble({
    pages,
    functions: [
      {
        ...{ params: "ii", results: "", exported: "fill" },
        code: whileBelow(bytes, [["local.get", 0], ...pattern, ["i32.store", 0]]),
      },
      {
        ...{ params: "ii", results: "i", locals: "i", exported: "wrong" },
        code: [
          ...whileBelow(bytes, [
            ...([
              ["local.get", 2],
              ["local.get", 0],
              ["i32.load", 0],
            ] as const),
            ...pattern,
            ...([["i32.ne"], ["i32.add"], ["local.set", 2]] as const),
          ]),
          ["local.get", 2],
        ],
      },
    ],
  });
}

export interface Canaries {
  readonly domains: readonly Domain[];
  /** How many words of all canaries are changed. 0 is the only good answer. */
  changed(): Promise<number>;
}

/**
 * Domains full of a pattern, living in the same kernel as whatever is tested. Where memory is shared, the next to come lives
 * between them: the place behind the first is free.
 */
export async function worldWithCanaries(kernel: Kernel, count = 2, pages = 2): Promise<Canaries> {
  const artifact = loadSource(kernel, canarySource(pages));
  const [first, between, ...others] = Array.from({ length: count + 1 }, () => spawn(kernel, artifact)) as [
    Domain,
    Domain,
  ];
  const domains: readonly Domain[] = [first, ...others];
  for (const [seed, domain] of domains.entries()) mustReturn(await domain.enter("fill", [0, seed]));
  between.end();
  return {
    domains,
    async changed() {
      let sum = 0;
      for (const [seed, domain] of domains.entries()) {
        sum += Number(mustReturn(await domain.enter("wrong", [0, seed])));
      }
      return sum;
    },
  };
}
