const ip = "127.0.0.1";
const server = await listenforconnection(ip, 12345);
const connected = async () => {
  const out = await openconnection(ip, 12345, ip, 12346, 1);
  const [, , into] = await server.getconnection();
  return [out, into];
};
const outcomes = async (socket) => [await errorOf(() => socket.recv(10)), await errorOf(() => socket.send("hi"))].join(" ");
for (const closer of [0, 1]) {
  const ends = await connected();
  await ends[closer].close();
  await log(await outcomes(ends[closer]));
  await log(await outcomes(ends[1 - closer]));
  await ends[1 - closer].close();
}
const [out, into] = await connected();
await out.send("still there");
await out.close();
await log(await into.recv(5), await into.recv(100), await errorOf(() => into.recv(1)));
