const ip = "127.0.0.1";
const server = await listenforconnection(ip, 12345);
const out = await openconnection(ip, 12345, ip, 12346, 1);
await log(await out.send("ab"));
const [, , into] = await server.getconnection();
await log(await out.send("cd"), await into.send("ef"), await into.recv(10), await out.recv(10));
const receive = async (socket) => {
  let count = 0;
  for (;;) {
    try {
      count += (await socket.recv(100000)).length;
    } catch (error) {
      return [count, error.name, await errorOf(() => socket.recv(1))];
    }
  }
};

const payload = "x".repeat(1048576);
const send = async (socket) => {
  try {
    return await socket.send(payload);
  } catch (error) {
    if (error instanceof SocketWouldBlockError) return 0;
    throw error;
  }
};
for (const [from, to] of [[out, into], [into, out]]) {
  const sent = await send(from);
  const [count, end, next] = await receive(to);
  await log(sent <= 1048576, sent > 0, count === sent, end, next);
}
