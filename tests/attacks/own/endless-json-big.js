// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
JSON.stringify(Array.from({ length: 3000000 }, (_, i) => ({ i }))).length
