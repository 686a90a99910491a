const server = await listenforconnection("127.0.0.1", 12345);
const start = await getruntime();
await log(await errorOf(() => server.getconnection()), (await getruntime()) - start);
await server.close();
await log(await errorOf(() => server.getconnection()));
