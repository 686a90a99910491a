const ip = "127.0.0.1";
const server = await listenforconnection(ip, 12345);
const out = await openconnection(ip, 12345, ip, 12346, 1);
const start = await getruntime();
await log(await errorOf(() => out.recv(10)));
const [, , into] = await server.getconnection();
await log(await errorOf(() => out.recv(10)));
await log(await errorOf(() => into.recv(10)), (await getruntime()) - start);
await log(await errorOf(() => into.recv(0)), await errorOf(() => into.recv("1")));
