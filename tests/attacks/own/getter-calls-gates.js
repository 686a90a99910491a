// Getters run while the arguments are encoded, call gates themselves, and the outer call must not notice.
// Expect: held
(function () {
  const bad = [];
  const nested = (n) => ({ get a() { return n === 0 ? [1, 2, 3] : hostEcho(nested(n - 1)).a; }, b: "b" + n });
  const back = hostEcho([nested(20), "after"]);
  if (JSON.stringify(back[0].a) !== "[1,2,3]" || back[0].b !== "b20" || back[1] !== "after") bad.push(JSON.stringify(back));
  const big = hostEcho({ a: "x", get b() { return hostEcho("y".repeat(200000)).length; }, c: "z" });
  if (big.a + big.b + big.c !== "x200000z") bad.push("overwritten: " + JSON.stringify(big).slice(0, 80));
  let threw = 0;
  try { hostEcho([1, { get x() { throw new RangeError("mine"); } }]); } catch (e) { threw = e instanceof RangeError && e.message === "mine"; }
  if (!threw) bad.push("the getter's own error was lost");
  if (hostEcho("after all") !== "after all") bad.push("the gate is broken");
  return bad.join("; ") || "held";
})()
