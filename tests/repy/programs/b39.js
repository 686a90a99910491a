const [{ fileread: limit }] = await getresources();
await listfiles();
const start = await getruntime();
await sleep(0.02);
await listfiles();
const passed = (await getruntime()) - start;
const drained = 8192 - (await used("fileread"));
await log(drained >= 0, drained <= Math.min(4096, passed * limit), Math.round(drained));
