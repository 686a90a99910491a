// Never ends either, and never blocks: each promise makes the next, so no timer ever gets its turn.
const next = () => Promise.resolve().then(next);
await next();
