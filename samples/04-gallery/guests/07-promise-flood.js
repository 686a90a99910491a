// A million promises that wait for each other, and one that waits for ever.
const all = Array.from({ length: 1_000_000 }, (_, n) => Promise.resolve(n));
const results = await Promise.all(all);
await new Promise(() => {});
return results.length;
