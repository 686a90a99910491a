const file = await openfile("long.file", false);
await sleep(1);
await file.readat(1, 0);
await log(await used("fileread"));
await sleep(1);
await file.readat(8, 4090);
await log(await used("fileread"));
await sleep(1);
// Nothing at an aligned offset costs a block too (W15).
await log((await file.readat(0, 4096)).length, await used("fileread"));
