await log(await used("fileread"));
await log(await errorOf(() => openfile("absent.file", false)));
await log(await used("fileread"));
await sleep(1);
await openfile("present.file", false);
await log(await used("fileread"), await used("filewrite"));
