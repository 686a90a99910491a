// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const s = '\u0390'.repeat(1000000); for (;;) s.toUpperCase(); })()
