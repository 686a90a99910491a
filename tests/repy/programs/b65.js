const ip = "127.0.0.1";
const server = await listenformessage(ip, 12345);
for (const text of ["sixteen bytes...", "5".repeat(5120)]) {
  const sent = await sendmessage(ip, 12345, text, ip, 12346);
  const [from, port, message] = await server.getmessage();
  await log(sent, from, port, message === text);
}
const right = [ip, 12345, "text", ip, 12346];
for (let i = 0; i < 5; i++) {
  const given = [...right];
  given[i] = typeof right[i] === "string" ? 5 : "5";
  await log(await errorOf(() => sendmessage(...given)));
}
for (const length of [1000, 1600, 9216]) await log(await sendmessage(ip, 12345, "x".repeat(length), ip, 12346));
for (const length of [9217, 10000, 65507, 65508, 65535, 65536, 100000]) {
  await log(await errorOf(() => sendmessage(ip, 12345, "x".repeat(length), ip, 12346)));
}
await log(await errorOf(() => sendmessage(ip, 12345, "x", "8.8.4.4", 12346)));
await log(await errorOf(() => sendmessage(ip, 12345, "x", "8.8.4.4", 12347)));
// The pair that is listened on is borrowed, and no outsocket stays behind (W14).
await log(await sendmessage(ip, 12346, "x", ip, 12345), await used("outsockets"));
await log(await errorOf(() => sendmessage(ip, 12345, "x", ip, 12345)));
