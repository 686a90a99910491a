// Many texts looked for in one pass: those that another begins with, ends with, or contains (Aho and Corasick).
//
// Invariants
//   A1  A pass costs the length of the text and what it finds, however many texts are looked for.

/** What is said of a place in a text: all numbers that stand there. */
export type Find = (found: number) => void;

interface Trie {
  /** Of the root where the first units lead; 0: nowhere. Most units of most texts are looked up here, and only here. */
  readonly first: Int32Array;
  /** Of each node where each unit leads. */
  readonly next: Map<number, number>[];
  /** What is found on coming to a node. */
  readonly found: number[][];
}

const FIRSTS = 128;
const newTrie = (): Trie => ({ first: new Int32Array(FIRSTS), next: [new Map()], found: [[]] });

/** 0: nowhere. */
function step({ first, next }: Trie, node: number, unit: number): number {
  if (node === 0 && unit < FIRSTS) return first[unit] as number;
  return (next[node] as Map<number, number>).get(unit) ?? 0;
}

function insert(trie: Trie, units: readonly number[], found: number): void {
  let node = 0;
  for (const unit of units) {
    let to = step(trie, node, unit);
    if (to === 0) {
      to = trie.next.push(new Map()) - 1;
      trie.found.push([]);
      trie.next[node]?.set(unit, to);
      if (node === 0 && unit < FIRSTS) trie.first[unit] = to;
    }
    node = to;
  }
  trie.found[node]?.push(found);
}

const unitsOf = (text: string): number[] => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));

/** What to look for, and under which number. */
export type Needle = readonly [text: string, found: number];

function report(trie: Trie, node: number, find: Find): void {
  const found = trie.found[node] as readonly number[];
  for (let i = 0; i < found.length; i++) find(found[i] as number);
}

/** Needles that a text begins with. */
export function startsOf(needles: readonly Needle[]): (text: string, find: Find) => void {
  const trie = newTrie();
  for (const [text, found] of needles) insert(trie, unitsOf(text), found);
  return (text, find) => {
    report(trie, 0, find);
    for (let [node, at] = [0, 0]; at < text.length; at++) {
      node = step(trie, node, text.charCodeAt(at));
      if (node === 0) return;
      report(trie, node, find);
    }
  };
}

/** Needles that a text ends with. */
export function endsOf(needles: readonly Needle[]): (text: string, find: Find) => void {
  const trie = newTrie();
  for (const [text, found] of needles) insert(trie, unitsOf(text).toReversed(), found);
  return (text, find) => {
    report(trie, 0, find);
    for (let [node, at] = [0, text.length - 1]; at >= 0; at--) {
      node = step(trie, node, text.charCodeAt(at));
      if (node === 0) return;
      report(trie, node, find);
    }
  };
}

/** Of each node the node of its longest end that is also the start of some needle. Finds what that one finds. */
function failuresOf(trie: Trie): Int32Array {
  const failures = new Int32Array(trie.next.length);
  const queue = [...(trie.next[0] as Map<number, number>).values()];
  for (const node of queue) {
    for (const [unit, to] of trie.next[node] as Map<number, number>) {
      let fail = failures[node] as number;
      while (fail !== 0 && step(trie, fail, unit) === 0) fail = failures[fail] as number;
      failures[to] = node === 0 ? 0 : step(trie, fail, unit);
      trie.found[to] = [...(trie.found[to] as number[]), ...(trie.found[failures[to] as number] as number[])];
      queue.push(to);
    }
  }
  return failures;
}

/** Needles that stand anywhere in a text; each may be found more than once. */
export function insidesOf(needles: readonly Needle[]): (text: string, find: Find) => void {
  const trie = newTrie();
  for (const [text, found] of needles) insert(trie, unitsOf(text), found);
  const failures = failuresOf(trie);
  return (text, find) => {
    report(trie, 0, find);
    for (let [node, at] = [0, 0]; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let next = step(trie, node, unit);
      while (next === 0 && node !== 0) {
        node = failures[node] as number;
        next = step(trie, node, unit);
      }
      node = next;
      if (node !== 0) report(trie, node, find);
    }
  };
}
