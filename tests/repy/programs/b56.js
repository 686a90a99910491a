await log(await errorOf(() => openconnection("127.0.0.1", 43214, "1.2.3.4", 12345, 1.0)));
await log(await errorOf(() => openconnection("10.9.9.9", 80, "1.2.3.4", 12345, 1.0)), await getruntime(), await used("outsockets"));
