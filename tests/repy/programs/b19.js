const payload = "0123456789".repeat(5000);
const closeSoon = async (file, done) => {
  await createthread(async () => {
    await sleep(0.1);
    await file.close();
    done.closed = await getruntime();
  });
};
let file = await openfile("slow.file", true);
await sleep(2);
let done = {};
let start = await getruntime();
await closeSoon(file, done);
await file.writeat(payload, 0);
await log((await getruntime()) - start > 4, done.closed - start < 0.2);
await log(await errorOf(() => file.writeat("x", 0)));
await sleep(6);
file = await openfile("slow.file", false);
await sleep(2);
done = {};
start = await getruntime();
await closeSoon(file, done);
const text = await file.readat(null, 0);
await log((await getruntime()) - start > 4, done.closed - start < 0.2);
await log(text === payload, text.length);
await log(await errorOf(() => file.readat(1, 0)));
