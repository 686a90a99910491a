await log(await errorOf(() => openconnection("127.0.0.1", 43214, "127.0.0.1", 12345, 1.0)));
await log(await used("outsockets"), await used("loopsend"));
