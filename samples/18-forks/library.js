// What every request needs, and what takes a while to make: an index of all words, by their letters in order.
const words = "listen silent enlist inlets tinsel google banana cinema iceman stream master".split(" ");
const letters = (word) => [...word].sort().join("");

globalThis.index = new Map();
for (let round = 0; round < 2_000; round++) {
  for (const word of words) {
    const found = index.get(letters(word)) ?? new Set();
    index.set(letters(word), found.add(word));
  }
}

/** A request of a customer: a word, and a program of the customer's own that looks at what was found. */
globalThis.answer = (word, program) => {
  const found = [...(index.get(letters(word)) ?? [])];
  return new Function("found", "index", "log", program)(found, index, log);
};
