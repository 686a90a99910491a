// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const r = /(?:)/g; r.exec = () => ({ index: 0, length: 1, 0: '' }); return 'aaa'.replace(r, 'b'); })()
