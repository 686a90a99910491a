// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
new RegExp('(a)'.repeat(100000)).test('a'.repeat(100000))
