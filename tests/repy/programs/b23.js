await log(await errorOf(() => removefile("absent.file")));
await log(await used("fileread"), await used("filewrite"));
await sleep(1);
await removefile("present.file");
await log(await used("fileread"), await used("filewrite"));
