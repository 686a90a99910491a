// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const a = []; a[4294967290] = 1; return a.join('x').length; })()
