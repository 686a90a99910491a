// Many letters at once.
const all = Array.from({ length: 12 }, (_, n) => mail.send(`reader ${n}`, "x".repeat(1000)));
await Promise.all(all);
return all.length;
