// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
/^(a*)*\1*b/.test('a'.repeat(40))
