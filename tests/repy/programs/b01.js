await log(await errorOf(() => openfile("absent.file", false)));
await log((await listfiles()).includes("absent.file"), await used("filesopened"));
