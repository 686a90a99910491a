const names = [".", "..", "\t\n", 123, "a".repeat(121), "dir/file", ".testfile", "...", "TESTFILE"];
for (const name of names) await log(await errorOf(() => openfile(name, false)));
for (const name of names) await log(await errorOf(() => openfile(name, true)));
await log((await listfiles()).length, await used("filesopened"));
