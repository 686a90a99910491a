const most = (await getresources())[0].filesopened;
for (let i = 0; i < most; i++) await openfile(`file.${i}`, true);
await log(most, await used("filesopened"));
await log(await errorOf(() => openfile("trying.to.create.this.file", true)));
await log((await listfiles()).includes("trying.to.create.this.file"));
