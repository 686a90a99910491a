const file = await openfile("ten.bytes", false);
await log(await used("filesopened"));
await file.close();
await log(await used("filesopened"));
const other = await openfile("ten.bytes", false);
// A stale second close gives back nothing: the other handle stays counted (W12).
await log(await errorOf(() => file.close()), await used("filesopened"));
await other.close();
