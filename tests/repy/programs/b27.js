const lock = await createlock();
await lock.acquire(true);
await createthread(async () => {
  await sleep(0.5);
  mycontext.released = true;
  await lock.release();
});
await createthread(async () => {
  await sleep(2);
  if (!mycontext.acquired) {
    await log("the watchdog fired");
    await exitall();
  }
});
await lock.acquire(true);
mycontext.acquired = true;
const now = await getruntime();
await log(mycontext.released, now >= 0.5, now < 0.6);
