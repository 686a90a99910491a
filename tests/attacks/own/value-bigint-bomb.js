// Printing a bigint is quadratic work: a host must never be handed a huge one.
// Expect: held
(function () {
  const bad = [];
  for (const n of [1n << 40000n, -(1n << 40000n), (1n << 1000000n) - 1n]) {
    try { hostEcho(n); bad.push("crossed"); } catch (e) { if (!(e instanceof TypeError) || !/E_VALUE/.test(e.message + e.code)) bad.push(String(e)); }
    try { hostEcho({ deep: [n] }); bad.push("crossed inside"); } catch (e) { if (!/deep/.test(e.message)) bad.push("no path: " + e.message); }
  }
  for (const n of [0n, -1n, 1n << 4000n, -(2n ** 64n)]) if (hostEcho(n) !== n) bad.push("changed " + n);
  return bad.join("; ") || "held";
})()
