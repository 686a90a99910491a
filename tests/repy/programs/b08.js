await log(await used("fileread"), await used("filewrite"));
await openfile("new.file", true);
await log(await used("fileread"), await used("filewrite"));
