// Memory is full when a gate is called: an error of the guest's own, and the gate works when there is room again.
// Expect: held
(function () {
  const keep = [];
  try { for (let size = 8000000; size > 8; size = size >> 1) { try { for (;;) keep.push(new Uint8Array(size)); } catch {} } } catch {}
  let refused = 0;
  for (let i = 0; i < 20; i++) { try { hostEcho({ a: "x".repeat(1000) + i, b: [1, 2, 3] }); } catch (e) { refused++; } }
  keep.length = 0;
  return hostEcho({ ok: 1 }).ok === 1 ? "held" : "broken";
})()
