await log(await errorOf(() => openconnection("127.0.0.1", 43214, "127.0.0.1", 34232, 1.0)));
await log(await errorOf(() => openconnection("10.9.9.9", 80, "127.0.0.1", 34232, 1.0)), await getruntime());
