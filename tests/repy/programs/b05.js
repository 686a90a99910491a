const first = await openfile("shared.file", false);
await log(await errorOf(() => openfile("shared.file", false)));
await first.close();
const second = await openfile("shared.file", false);
await second.close();
await log("opened again");
