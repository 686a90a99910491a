await listenforconnection("127.0.0.1", 12345);
await log(await errorOf(() => listenforconnection("127.0.0.1", 12345)));
await log(await used("insockets"));
