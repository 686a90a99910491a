const namespace = await createvirtualnamespace("ran = true; mark();", "marks");
let ran = false;
const mark = () => {
  ran = true;
};
await log(await errorOf(() => namespace.evaluate({ 123: 456, mark })));
await log(await errorOf(() => namespace.evaluate(new Map([[123, 456], ["mark", mark]]))));
for (const name of ["constructor", "prototype", "then", "a__b"]) {
  await log(await errorOf(() => namespace.evaluate(new Map([[name, 1], ["mark", mark]]))));
}
await log(ran);
