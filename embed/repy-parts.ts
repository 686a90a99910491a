// What a RepyV2 run is made of beside the engine: the texts of its domains and the contracts between them, as the build
// bundles stdlib/repy. The texts are guest code: nothing of them runs in the host.
import { type AnyContract, contractFrom } from "../policy-libs/index.ts";
import { asBytes, type CordonPowers } from "./engine.ts";
import { CordonError } from "./errors.ts";

const TEXTS = ["emulation", "layer", "program", "restrictions"] as const;
const CONTRACTS = ["REPY", "USAGE", "LIFE"] as const;

export type RepyParts = Readonly<Record<(typeof TEXTS)[number], string>> & {
  readonly contracts: Readonly<Record<(typeof CONTRACTS)[number], AnyContract>>;
};

function partsOf(bytes: Uint8Array): RepyParts {
  const { contracts, ...texts } = JSON.parse(new TextDecoder().decode(bytes)) as Record<
    string,
    Record<string, unknown>
  >;
  const made = CONTRACTS.map((name) => [name, contractFrom(contracts?.[name])]);
  return { ...texts, contracts: Object.fromEntries(made) } as unknown as RepyParts;
}

/** A function that reads them on its first call, and again after a failure. */
export function newRepyParts(powers: CordonPowers): () => Promise<RepyParts> {
  let reading: Promise<RepyParts> | undefined;
  const read = async (): Promise<RepyParts> => {
    const source = powers.repy;
    if (source === undefined) throw new CordonError("E_ENGINE", "this Cordon was made without RepyV2");
    try {
      return partsOf(asBytes(await source()));
    } catch (cause) {
      throw new CordonError("E_ENGINE", "RepyV2's parts could not be read: build them with npm run build", { cause });
    }
  };
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}
