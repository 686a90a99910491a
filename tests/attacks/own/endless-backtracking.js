// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
/(a+)+b/.test('a'.repeat(40))
