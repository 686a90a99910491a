// What is due when: tasks by time, those of one time in the order they were added (a binary heap that knows its places).
//
// Invariants
//   H1  No task of heap[i] is due before that of heap[(i - 1) >> 1], and entry.at is the entry's place in the heap.
//   H2  A task that was taken back leaves at once: adding and taking back for ever needs no memory.

interface Entry {
  readonly due: number;
  readonly turn: number;
  readonly task: () => void;
  at: number;
}

export interface Agenda {
  readonly size: number;
  /** When the first task is due. */
  next(): number | undefined;
  /** Returns what takes the task back. */
  add(due: number, task: () => void): () => void;
  /** Takes the first task out. */
  take(): (() => void) | undefined;
}

const isBefore = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.turn < b.turn);

function put(heap: Entry[], at: number, entry: Entry): void {
  heap[at] = entry;
  entry.at = at;
}

function rise(heap: Entry[], entry: Entry): void {
  for (let at = entry.at; at > 0; at = entry.at) {
    const parent = heap[(at - 1) >> 1] as Entry;
    if (!isBefore(entry, parent)) return;
    put(heap, at, parent);
    put(heap, (at - 1) >> 1, entry);
  }
}

function sink(heap: Entry[], entry: Entry): void {
  for (;;) {
    const [at, left] = [entry.at, heap[2 * entry.at + 1]];
    if (left === undefined) return;
    const right = heap[2 * at + 2];
    const child = right !== undefined && isBefore(right, left) ? right : left;
    if (!isBefore(child, entry)) return;
    const childAt = child.at;
    put(heap, at, child);
    put(heap, childAt, entry);
  }
}

function remove(heap: Entry[], entry: Entry): void {
  const last = heap.pop() as Entry;
  if (last === entry) return;
  put(heap, entry.at, last);
  rise(heap, last);
  sink(heap, last);
}

export function newAgenda(): Agenda {
  const heap: Entry[] = [];
  let turn = 0;
  return {
    get size() {
      return heap.length;
    },
    next: () => heap[0]?.due,
    add(due, task) {
      const entry = { due, turn: turn++, task, at: heap.length };
      heap.push(entry);
      rise(heap, entry);
      return () => {
        if (heap[entry.at] === entry) remove(heap, entry);
      };
    },
    take() {
      const first = heap[0];
      if (first !== undefined) remove(heap, first);
      return first?.task;
    },
  };
}
