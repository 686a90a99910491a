// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const a = new Float64Array(2000000).map(() => Math.random()); for (;;) a.sort().reverse(); })()
