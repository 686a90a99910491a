await log("text of Unicode: \u263a");
const file = await openfile("new.file", true);
await log(await errorOf(() => file.writeat("\u263a", 0)));
await log(await errorOf(() => sendmessage("127.0.0.1", 63101, "\u263a", "127.0.0.1", 63100)));
await log((await file.readat(null, 0)).length);
