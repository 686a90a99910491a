// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { let a = 1; for (let i = 0; i < 400; i++) a = [a, a.length]; return JSON.stringify(a, null, 10).length; })()
