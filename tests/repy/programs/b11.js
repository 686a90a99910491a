const file = await openfile("ten.bytes", false);
await log(await errorOf(() => file.readat(-1, 0)));
await log(await errorOf(() => file.readat(0, -1)));
await log(await errorOf(() => file.readat(false, 0)));
await log(await errorOf(() => file.readat(1, null)));
await log(await errorOf(() => file.readat(1)));
