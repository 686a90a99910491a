// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const s = new Set([0]); s.forEach((v) => { s.delete(v); s.add(v + 1); }); })()
