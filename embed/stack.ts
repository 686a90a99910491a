// Layers one upon the other, and what they leave to those above.
import type { Grants } from "./capability.ts";
import { DISPOSE } from "./disposal.ts";
import type { Engine } from "./engine.ts";
import { type Layer, type LayerOptions, newLayer } from "./layer.ts";

/** Grants under layers, the first at the bottom. What a layer does not offer passes by it, unless it `drops` it. */
export interface StackedLayer extends Omit<LayerOptions, "grant"> {
  readonly drops?: readonly string[] | undefined;
}

/** Layers that stand one upon the other, and what the top one leaves to be granted. */
export interface Stack {
  readonly grant: Grants;
  readonly layers: readonly Layer[];
  /** Ends all of them, the top first. */
  dispose(): void;
  [Symbol.dispose](): void;
}

export async function newStack(
  engine: () => Promise<Engine>,
  base: Grants,
  layers: readonly StackedLayer[],
): Promise<Stack> {
  const made: Layer[] = [];
  const dispose = (): void => {
    for (const one of made.toReversed()) one.dispose();
  };
  let grant: Grants = base;
  try {
    for (const { drops = [], ...options } of layers) {
      const one = await newLayer(engine, { ...options, grant });
      made.push(one);
      const kept = Object.entries({ ...grant, ...one.grant }).filter(([key]) => !drops.includes(key));
      grant = Object.fromEntries(kept);
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return Object.freeze({ grant, layers: made, dispose, [DISPOSE]: dispose });
}
