await log(await errorOf(() => sleep("abc")), await errorOf(() => sleep(-1)), await errorOf(() => sleep()));
const start = await getruntime();
await sleep(1);
const passed = (await getruntime()) - start;
await log(passed >= 1, passed <= 1.5);
