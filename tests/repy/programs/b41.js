await log(await getlasterror());
try {
  1n / 0n;
} catch (error) {
  await log((await getlasterror(error)).length >= 100);
}
const badfunc = () => {
  throw new FileNotFoundError("mine");
};
try {
  badfunc();
} catch (error) {
  const text = await getlasterror(error);
  await log(text.includes("badfunc"), text.includes("line 8"), text.includes("b41.js"), text.includes("FileNotFoundError"));
  // Guest frames only: nothing of the runtime or the host (W18).
  await log(/file:|node:|\/stdlib\/|cordon/.test(text));
}
await log(await getlasterror());
