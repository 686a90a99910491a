// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const b = new Uint8Array(4000000); for (;;) new Uint8Array(b.buffer.slice(0)).set(b); })()
