// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => {}).apply(null, { length: 2 ** 31 })
