await log(await errorOf(() => removefile("some.file")));
const file = await openfile("some.file", true);
await log(await errorOf(() => removefile("some.file")));
await file.close();
await removefile("some.file");
await log((await listfiles()).includes("some.file"));
