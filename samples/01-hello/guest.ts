// A guest: it may compute, print, and read a clock, for that is what every guest is given. Nothing else is there.

declare const args: readonly string[];

enum Part {
  Night,
  Morning,
  Afternoon,
  Evening,
}

interface Moment {
  readonly day: string;
  readonly part: Part;
}

function momentOf(date: Date): Moment {
  const day = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][date.getDay()]!;
  return { day, part: Math.floor(date.getHours() / 6) as Part };
}

/** The primes below `limit`, by the sieve of Eratosthenes. */
function primesBelow(limit: number): number[] {
  const composite = new Uint8Array(limit);
  const primes: number[] = [];
  for (let n = 2; n < limit; n++) {
    if (composite[n]) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < limit; multiple += n) composite[multiple] = 1;
  }
  return primes;
}

const start = Date.now();
const { day, part } = momentOf(new Date());
const primes = primesBelow(100_000);

console.log(`Hello, ${args[0] ?? "world"}! It is ${day} ${Part[part]!.toLowerCase()}.`);
console.log(`${primes.length} primes below 100000, the last one ${primes.at(-1)}, found in ${Date.now() - start} ms.`);

const powers = ["process", "require", "fetch", "WebAssembly", "Deno"];
const found = powers.filter((name) => name in globalThis);
console.log(`Of ${powers.join(", ")} I can reach: ${found.join(", ") || "nothing"}.`);
