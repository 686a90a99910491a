// `node hold.ts BYTES`: has so much memory in use, and gives back as much as each line says that comes in. What a virtual
// machine does not use, its host takes, within seconds, and gives it again page by page, which takes longer than the page
// (measured: 7 us against 1.5). Who measures memory measures that, unless the memory was in use a moment before.
import { createInterface } from "node:readline";

const PIECE = 2 ** 22; // bytes
const kept: ArrayBuffer[] = [];
for (let left = Number(process.argv[2]); left > 0; left -= PIECE) kept.push(new Uint8Array(PIECE).fill(1).buffer);
console.log("held");

let due = 0;
for await (const line of createInterface({ input: process.stdin })) {
  for (due += Number(line); due >= PIECE; due -= PIECE) kept.pop()?.transfer(0); // gives it back at once
}
