const lock = await createlock();
await log(await errorOf(() => lock.release()));
await lock.acquire(true);
await lock.release();
await log(await errorOf(() => lock.release()));
