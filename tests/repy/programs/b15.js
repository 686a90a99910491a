const file = await openfile("ten.bytes", false);
await log(await errorOf(() => file.writeat("test", -1)));
await log(await errorOf(() => file.writeat("test", null)));
await log(await errorOf(() => file.writeat(null, 0)));
await log(await errorOf(() => file.writeat(1, 0)));
await log(await errorOf(() => file.writeat("no byte: \u0100", 0)));
await log(await file.readat(null, 0));
