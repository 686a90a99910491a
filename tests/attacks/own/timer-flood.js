// A hundred thousand timers, timers that set timers, delays and identifiers of every kind.
// Expect: any
(async function () {
  for (const delay of [NaN, Infinity, -Infinity, -1, 1.5, 2 ** 31, 2 ** 53, "10", "x", null, undefined, {}, [], 1e-300]) { try { clearTimeout(setTimeout(() => 0, delay)); } catch {} }
  for (const id of [NaN, -1, 0, 1, 2 ** 53, "1", {}, null, Symbol(), 1n]) { try { clearTimeout(id); clearInterval(id); } catch {} }
  try { setTimeout("hostEcho(1)"); } catch {}
  const again = () => { setTimeout(again, 0); setTimeout(again, 0); };
  for (let i = 0; i < 100000; i++) setTimeout(() => hostEcho(i), 0);
  again();
  await new Promise(() => 0);
})()
