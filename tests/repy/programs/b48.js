const udp = await listenformessage("127.0.0.1", 63100);
const tcp = await listenforconnection("127.0.0.1", 63100);
await log(await used("insockets"));
await log(await udp.close(), await tcp.close());
