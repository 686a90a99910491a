const file = await openfile("ten.bytes", false);
for (const offset of [11, 100000, 500000]) await log(await errorOf(() => file.readat(8, offset)));
await log(JSON.stringify(await file.readat(8, 10)));
await log(await errorOf(() => file.readat(null, 11)), await file.readat(null, 4));
