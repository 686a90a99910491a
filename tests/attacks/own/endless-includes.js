// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)
