for (const port of [2345, 80, 22, 1000, 10000]) await log(await errorOf(() => listenforconnection("127.0.0.1", port)));
await log(await used("insockets"));
