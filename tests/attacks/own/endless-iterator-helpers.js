// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(function* () { for (;;) yield 1; })().map((x) => x).filter(() => false).next()
