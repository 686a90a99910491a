// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const a = new Array(3000000).fill(0); for (;;) { a.shift(); a.unshift(1, 2); } })()
