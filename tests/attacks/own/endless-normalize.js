// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const s = '\u0344\u0300'.repeat(500000); for (;;) s.normalize('NFC'); })()
