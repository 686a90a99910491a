const file = await openfile("new.file", true);
await sleep(1);
await file.writeat("x", 0);
await log(await used("filewrite"));
await sleep(1);
await file.writeat("y".repeat(4098), 1);
await log(await used("filewrite"));
