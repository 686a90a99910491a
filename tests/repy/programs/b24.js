const before = await used("events");
await log(await errorOf(() => createthread(null)));
await createthread(async () => {
  mycontext.seen = await used("events");
  mycontext.flag = true;
});
await sleep(1);
await log(mycontext.flag, mycontext.seen - before, (await used("events")) - before);
