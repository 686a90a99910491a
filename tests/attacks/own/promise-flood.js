// Promises without end, each with a handler.
// Expect: any
(async function () { const all = []; for (;;) { all.push(new Promise((r) => queueMicrotask(r))); if (all.length % 1000 === 0) await null; } })()
