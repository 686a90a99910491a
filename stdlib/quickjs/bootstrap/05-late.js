// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// The parts in late/ are made when something of them is called; until then they cost a sandbox next to nothing. Here the
// build writes, for every function that others use of them, a function that stands in for it, and their links.

const links = []; // of each part, by its number: a function that gives what the part uses

/** Makes a part: an array of what others use of it. */
const link = (part, make) => apply(make, undefined, links[part]());
