// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { let s = 'x'; for (let i = 0; i < 25; i++) s = s + s; for (;;) (s + 'y').charCodeAt(100); })()
