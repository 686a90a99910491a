// A record of 28 doublings is small here and 2^28 nodes when copied as a tree.
// Expect: held
(function () {
  let bomb = { x: 1 };
  for (let i = 0; i < 28; i++) bomb = { a: bomb, b: bomb };
  try { hostEcho(bomb); return "a DAG crossed"; } catch (e) { return e instanceof Error ? "held" : "no error of the guest's own"; }
})()
