const before = (await getresources())[2].length;
const start = await getruntime();
while ((await getruntime()) - start < 2) await compute(0.2);
const [, usage, stops] = await getresources();
await log(before <= 2, stops.length > before);
const [time, duration] = stops.at(-1);
await log(time > start, duration >= 0.76, duration <= 1.05);
await log(usage.cpu >= 0.2, usage.threadcpu >= 0.2);
