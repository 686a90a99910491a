// `node touch.ts BYTES`: has so much memory in use for a moment. What a virtual machine has never used, its host gives it
// page by page, which takes longer than the page: who measures memory measures that at the first time, and only then.
const PIECE = 2 ** 28; // bytes
const kept: Buffer[] = [];
for (let left = Number(process.argv[2]); left > 0; left -= PIECE) kept.push(Buffer.alloc(Math.min(left, PIECE), 1));
console.log(JSON.stringify({ pieces: kept.length }));
