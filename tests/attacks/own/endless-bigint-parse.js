// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
BigInt('9'.repeat(3000000)).toString(3).length
