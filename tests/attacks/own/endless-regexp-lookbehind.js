// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
/(?<=(a|b)*)c/.test('ab'.repeat(30000))
