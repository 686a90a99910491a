// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { for (;;) 'ab'.repeat(100000).split(''); })()
