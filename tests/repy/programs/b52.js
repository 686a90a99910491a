await listenforconnection("127.0.0.1", 12345);
await log(await errorOf(() => openconnection("127.0.0.1", 12346, "127.0.0.1", 12345, 1)));
