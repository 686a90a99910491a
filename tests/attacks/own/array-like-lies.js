// Host functions given array-likes whose length lies.
// Expect: held
(function () {
  const bad = [];
  for (const v of [{ length: 1e9 }, { length: -1, 0: 1 }, { length: "4", 0: 1 }, { length: { valueOf: () => 90 } }, Object.assign([1, 2], { length: 2 }), Object.defineProperty([1, 2, 3, 4], "extra", { value: 1, enumerable: true })]) {
    try { const r = hostSum(v); if (r > 1000) bad.push("sum " + r); } catch (e) { if (!(e instanceof Error)) bad.push("foreign"); }
  }
  let n = 0;
  const late = [1, 2, 3, { valueOf() { n++; return 1; } }];
  try { hostSum(late); } catch {}
  if (n) bad.push("valueOf ran in the host");
  return bad.join("; ") || "held";
})()
