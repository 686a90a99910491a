// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
Object.assign({}, new Proxy({}, { ownKeys: () => Array.from({ length: 1e6 }, (_, i) => 'k' + i), getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) }))
