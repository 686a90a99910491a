// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const m = new Map([[0, 0]]); for (const [k] of m) { m.delete(k); m.set(k + 1, 0); } })()
