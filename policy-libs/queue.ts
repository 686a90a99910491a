// Pieces of work, few at a time, first come first served.

interface Waiting {
  readonly go: () => void;
  next: Waiting | undefined;
}

export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

/** At most `most` of these pieces of work run at a time: each holds descriptors and memory, of which there is little. */
export function newQueue(most: number): Queue {
  let running = 0;
  // A list of its own: taking the first of a long array takes long.
  let first: Waiting | undefined;
  let last: Waiting | undefined;
  const leave = (): void => {
    const waiting = first;
    first = waiting?.next;
    if (first === undefined) last = undefined;
    if (waiting === undefined) running--;
    else waiting.go();
  };
  const enter = (go: () => void): void => {
    const waiting: Waiting = { go, next: undefined };
    if (last === undefined) first = waiting;
    else last.next = waiting;
    last = waiting;
  };
  return async (work) => {
    if (running < most) running++;
    else await new Promise<void>(enter);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
