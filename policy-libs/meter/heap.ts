// A heap of what waits, the least first. Each knows its place, so that one can be moved when its key has grown.
//
// Invariants
//   HE1  Each in `heap` has `place` of itself; each that is in none has -1.
//   HE2  None comes before the one at half its place.

export interface Keyed {
  key: number;
  place: number;
}

function put<T extends Keyed>(heap: T[], one: T, place: number): void {
  heap[place] = one;
  one.place = place;
}

function rise<T extends Keyed>(heap: T[], one: T): void {
  let { place } = one;
  while (place > 0) {
    const above = heap[(place - 1) >> 1] as T;
    if (above.key <= one.key) break;
    put(heap, above, place);
    place = (place - 1) >> 1;
  }
  put(heap, one, place);
}

/** Its key has grown. */
export function sink<T extends Keyed>(heap: T[], one: T): void {
  let { place } = one;
  for (;;) {
    const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
    const least = right !== undefined && right.key < (left as T).key ? right : left;
    if (least === undefined || least.key >= one.key) break;
    const next = least.place;
    put(heap, least, place);
    place = next;
  }
  put(heap, one, place);
}

export function add<T extends Keyed>(heap: T[], one: T): void {
  one.place = heap.length;
  heap.push(one);
  rise(heap, one);
}

export function removeFirst<T extends Keyed>(heap: T[]): void {
  const [first, last] = [heap[0], heap.pop()];
  if (first === undefined || last === undefined) return;
  first.place = -1;
  if (last === first) return;
  last.place = 0;
  heap[0] = last;
  sink(heap, last);
}
