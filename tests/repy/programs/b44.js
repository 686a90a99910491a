for (const ip of ["72.123.45.62", "12.10.3.1", "123.214.111.221"]) await log(await errorOf(() => listenforconnection(ip, 12345)));
await log(await used("insockets"));
