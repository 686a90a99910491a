const cases = [
  [null, null],
  ["abcd", 12345],
  ["0.0.0.0", 12345],
  ["255.255.255.255", 12345],
  ["192.168.0.0", 12345],
  ["127.0.0.1", 0],
  ["127.0.0.1", 3.1415],
  ["127.0.0.1", -2],
  // Spellings that some systems read as 127.0.0.1 (W20).
  ["0127.0.0.1", 12345],
  ["127.0.0.01", 12345],
  [" 127.0.0.1", 12345],
  ["+127.0.0.1", 12345],
  ["127.1", 12345],
];
for (const [ip, port] of cases) await log(await errorOf(() => listenforconnection(ip, port)));
