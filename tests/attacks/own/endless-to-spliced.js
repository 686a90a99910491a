// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
[].toSorted.call({ length: 2 ** 32 - 1 })
