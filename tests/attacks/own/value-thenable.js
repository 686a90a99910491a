// A thenable that reached the host would be called by the first await there.
// Expect: held
(function () {
  const bad = [];
  let called = 0;
  const then = function () { called++; };
  for (const v of [{ then }, [{ then }], { get then() { called++; return then; } }, Object.assign(() => 1, { then }), Promise.resolve(1)]) {
    try { hostEcho(v); if (typeof v.then === "function" && called === 0) bad.push("crossed"); } catch (e) { if (!/E_VALUE/.test(e.message)) bad.push(String(e)); }
    called = 0;
  }
  const back = hostEcho({ then: 1 });
  if (back.then !== 1) bad.push("a plain then was lost");
  return bad.join("; ") || "held";
})()
