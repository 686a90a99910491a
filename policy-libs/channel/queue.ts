// First in, first out, in constant time: an array's shift() moves all the others.

export interface Queue<T> {
  readonly size: number;
  add(item: T): void;
  take(): T | undefined;
  clear(): void;
}

/** Empty places at the front that are worth closing up. */
const WORTH = 1_024;

export function newQueue<T>(): Queue<T> {
  let items: (T | undefined)[] = [];
  let first = 0;
  return {
    get size() {
      return items.length - first;
    },
    add: (item) => void items.push(item),
    take() {
      if (first === items.length) return undefined;
      const item = items[first];
      items[first++] = undefined;
      if (first > WORTH && 2 * first > items.length) {
        items = items.slice(first);
        first = 0;
      }
      return item;
    },
    clear() {
      items = [];
      first = 0;
    },
  };
}
