// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const n = (1n << 8000000n) - 1n; return String(n / ((1n << 4000000n) - 3n)).length; })()
