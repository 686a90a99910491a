// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
(() => { const o = {}; for (const k in new Proxy(o, { ownKeys: () => ['a'], getPrototypeOf: () => new Proxy({}, {}) })) for (;;); })()
