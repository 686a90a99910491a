// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const s = '2000-' + '0'.repeat(1000000); for (;;) Date.parse(s); })()
