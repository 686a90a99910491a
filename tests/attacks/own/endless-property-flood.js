// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const o = {}; for (let i = 0; ; i++) o['k' + i] = i; })()
