await listenformessage("127.0.0.1", 12345);
await log(await errorOf(() => listenformessage("127.0.0.1", 12345)));
for (const [ip, port] of [[5, 5], ["127.0.0.1", null], ["1...", 5], ["127.0.0.1", 65536]]) {
  await log(await errorOf(() => listenformessage(ip, port)));
}
await log(await errorOf(() => listenformessage("8.8.4.4", 12345)));
await log(await errorOf(() => listenformessage("127.0.0.1", 12347)));
await log(await used("insockets"));
