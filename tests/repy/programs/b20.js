const names = await listfiles();
await log(names.sort().join(" "));
await log(await used("fileread"));
