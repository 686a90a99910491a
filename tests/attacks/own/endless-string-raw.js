// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
String.raw({ raw: { length: 2 ** 53 - 1 } })
