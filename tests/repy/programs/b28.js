const lock = await createlock();
const start = await getruntime();
await log(await lock.acquire(false), await lock.acquire(false), (await getruntime()) - start);
await log(await errorOf(() => lock.acquire(1)));
