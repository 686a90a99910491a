const start = await getruntime();
for (let i = 0; i < 20; i++) await randombytes();
const passed = (await getruntime()) - start;
await log(passed >= 1.048, passed <= 1.5);
