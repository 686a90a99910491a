// The laws of generators: same seed, same value; every value is what it claims; every shrink is smaller and still that.
import fc from "fast-check";

export interface Laws<T> {
  /** What distinguishes values: equal keys are equal values. */
  readonly key: (value: T) => string;
  /** Throws, or gives false, where a value is not what its generator claims. */
  readonly holds: (value: T) => boolean;
  /** Shrinking must not make this grow. */
  readonly size: (value: T) => number;
}

/** Complaints about the generator; none is the only good answer. */
export function lawBreakers<T>(arbitrary: fc.Arbitrary<T>, laws: Laws<T>, seed: number, numRuns = 50): string[] {
  const complaints: string[] = [];
  const first = fc.sample(arbitrary, { seed, numRuns });
  const second = fc.sample(arbitrary, { seed, numRuns });
  first.forEach((value, index) => {
    if (laws.key(value) !== laws.key(second[index] as T)) complaints.push(`seed ${seed}: value ${index} differs`);
    if (!laws.holds(value)) complaints.push(`seed ${seed}: value ${index} is not what it claims`);
  });
  if (new Set(first.map(laws.key)).size < Math.min(numRuns / 2, 10))
    complaints.push(`seed ${seed}: hardly any variety`);
  return [...complaints, ...shrinkBreakers(arbitrary, laws, seed, Math.ceil(numRuns / 5))];
}

/** Lets everything fail, so that fast-check walks down to the smallest value, and looks at each step of the way. */
function shrinkBreakers<T>(arbitrary: fc.Arbitrary<T>, laws: Laws<T>, seed: number, numRuns: number): string[] {
  const complaints: string[] = [];
  for (let run = 0; run < numRuns; run++) {
    const way: T[] = [];
    const property = fc.property(arbitrary, (value) => {
      way.push(value);
      return false;
    });
    fc.check(property, { seed: seed + run, numRuns: 1 });
    way.forEach((value, index) => {
      if (!laws.holds(value)) complaints.push(`a shrink is not what it claims: ${laws.key(value)}`);
      if (index > 0 && laws.size(value) > laws.size(way[index - 1] as T)) complaints.push(`grew: ${laws.key(value)}`);
    });
  }
  return complaints;
}
