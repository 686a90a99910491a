// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const w = new WeakMap(); const k = []; for (let i = 0; ; i++) { const o = {}; w.set(o, o); if (i % 2) k.push(o); } })()
