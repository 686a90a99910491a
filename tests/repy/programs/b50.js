const first = await listenformessage("127.0.0.1", 12345);
await log(await first.close(), await first.close());
const second = await listenformessage("127.0.0.1", 12345);
await log(await errorOf(() => second.getmessage()), await errorOf(() => first.getmessage()));
