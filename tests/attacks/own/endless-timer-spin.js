// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
new Promise(() => { const again = () => setTimeout(again, 0); again(); })
