const ip = "127.0.0.1";
await listenforconnection(ip, 12345);
const first = await openconnection(ip, 12345, ip, 12346, 1);
await log(await errorOf(() => openconnection(ip, 12345, ip, 12346, 1)), await used("outsockets"));
await first.close();
await log(await errorOf(() => openconnection(ip, 12345, ip, 12346, 1)));
