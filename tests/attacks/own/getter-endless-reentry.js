// A getter that calls the same gate with itself: recursion through the boundary.
// Expect: held
(function () {
  let depth = 0;
  const evil = { get a() { depth++; return hostEcho(evil); } };
  try { hostEcho(evil); return "returned"; } catch (e) { if (!(e instanceof Error)) return "foreign error"; }
  if (hostEcho(7) !== 7) return "the gate is broken";
  return depth > 5 ? "held" : "only " + depth;
})()
