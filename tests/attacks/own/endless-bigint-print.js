// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { let n = 1n; for (;;) n = n * n + 1n; })()
