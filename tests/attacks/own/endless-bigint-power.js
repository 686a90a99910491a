// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
String(7n ** 3000000n).length
