const file = await openfile("ten.bytes", false);
await file.close();
await log(await errorOf(() => file.readat(1, 0)));
await log(await errorOf(() => file.writeat("", 0)));
await log(await errorOf(() => file.close()));
