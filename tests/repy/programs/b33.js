let last = await getruntime();
let ok = typeof last === "number";
for (let i = 0; i < 200; i++) {
  if (i % 50 === 0) await sleep(0.01);
  const now = await getruntime();
  ok = ok && typeof now === "number" && now >= last;
  last = now;
}
await log(ok, last >= 0.04);
