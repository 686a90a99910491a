// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
[1, 2, 3].sort(() => { for (;;); })
