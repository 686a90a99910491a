const file = await openfile("new.file", true);
await log((await listfiles()).includes("new.file"));
await file.close();
await removefile("new.file");
await log((await listfiles()).includes("new.file"));
