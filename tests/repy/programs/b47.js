await log(await used("insockets"));
const server = await listenforconnection("127.0.0.1", 12345);
await log(await used("insockets"));
await server.close();
await log(await used("insockets"));
// A second close gives back nothing, and says so (W11).
await log(await server.close(), await used("insockets"));
