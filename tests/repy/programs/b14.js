const file = await openfile("new.file", true);
await log(await errorOf(() => file.writeat("test", 500000)));
await log((await file.readat(null, 0)).length, await errorOf(() => file.readat(1, 1)));
