// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
new RegExp('[\\u{0}-\\u{10ffff}]{1000}'.repeat(500), 'iu').test('x'.repeat(1000000))
