// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { for (;;) (1e300).toFixed(100); })()
