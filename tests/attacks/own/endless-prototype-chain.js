// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { let o = {}; for (let i = 0; i < 1e6; i++) o = Object.create(o); for (;;) o.missing; })()
