// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
Array.prototype.copyWithin.call({ length: 2 ** 53 - 1, 5: 1 }, 1, 2)
