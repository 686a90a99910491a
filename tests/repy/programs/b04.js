await log(await errorOf(() => openfile("valid-filename", 123)));
await log(await errorOf(() => openfile("valid-filename", null)));
await log(await errorOf(() => openfile("valid-filename")));
