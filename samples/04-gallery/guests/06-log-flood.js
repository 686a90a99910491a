// Fills the log, or would.
for (let line = 0; line < 10_000_000; line++) console.log(`line ${line} ${"x".repeat(200)}`);
