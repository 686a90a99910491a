// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
JSON.stringify(new Proxy([], { get: (t, k) => (k === 'length' ? 2 ** 53 - 1 : k === 'toJSON' ? undefined : 1) }))
