// An array of one element and four thousand million holes; the host must not allocate the holes.
// Expect: held
(function () {
  const bad = [];
  const far = []; far[4294967294 - 1] = 1;
  const long = []; long.length = 4294967295;
  for (const a of [far, long, [long], { deep: [[long]] }]) {
    try { hostEcho(a); bad.push("crossed: " + a.length); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error"); }
  }
  return bad.join("; ") || "held";
})()
