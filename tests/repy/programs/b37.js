const [limits] = await getresources();
limits.connport.add(1024);
limits.connport.add(20000);
limits.events = 1e9;
await log(await errorOf(() => listenforconnection("127.0.0.1", 20000)));
await log((await getresources())[0].connport.has(20000), (await getresources())[0].events);
