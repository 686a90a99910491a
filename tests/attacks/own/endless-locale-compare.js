// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const s = '\u1e9b\u0323'.repeat(300000); for (;;) s.localeCompare(s + 'a'); })()
