// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
Uint8Array.from({ length: 2 ** 31 })
