// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
new RegExp(Array.from({ length: 100000 }, (_, i) => 'a' + i).join('|')).test('b'.repeat(1000))
