// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
/^(?=(a+)+$)x/.test('a'.repeat(40) + 'b')
