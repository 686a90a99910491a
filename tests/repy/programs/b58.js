const start = await getruntime();
await log(await errorOf(() => openconnection("10.9.9.9", 80, "10.0.0.5", 63100, 1.5)));
const passed = (await getruntime()) - start;
await log(passed >= 1.5, passed < 1.6, await used("outsockets"));
await log(await errorOf(() => openconnection("10.9.9.9", 80, "10.0.0.5", 63100, 0.00001)));
