// A value nested deeper than any recursion of the host could follow.
// Expect: held
(function () {
  const bad = [];
  for (const wrap of [(v) => [v], (v) => ({ v }), (v) => new Map([[v, 1]]), (v) => new Map([[1, v]]), (v) => new Set([v]), (v) => new Error("x", { cause: v })]) {
    let deep = 1;
    for (let i = 0; i < 3000; i++) deep = wrap(deep);
    try { hostEcho(deep); bad.push("crossed " + wrap); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error " + wrap); }
  }
  if (hostEcho(1) !== 1) bad.push("the gate is broken");
  return bad.join("; ") || "held";
})()
