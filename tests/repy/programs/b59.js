const ip = "127.0.0.1";
const server = await listenforconnection(ip, 12345);
const connected = async () => {
  const out = await openconnection(ip, 12345, ip, 12346, 1);
  const [, , into] = await server.getconnection();
  return [out, into];
};
const [out, into] = await connected();
await log(await used("outsockets"));
await log(await out.close(), await out.close(), await into.close(), await into.close());
await log(await used("outsockets"));
