const ip = "127.0.0.1";
const server = await listenforconnection(ip, 12345);
const connected = async () => {
  const out = await openconnection(ip, 12345, ip, 12346, 1);
  const [, , into] = await server.getconnection();
  return [out, into];
};
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
const [out, into] = await connected();
await server.close();
let sent = 0;
let end = "all of it";
while (sent < 1048576) {
  try {
    sent += await out.send("y".repeat(1048576 - sent));
  } catch (error) {
    end = error.name;
    break;
  }
}
const [count, stop] = await receive(into);
await log(sent > 0, count === sent, end, stop);
