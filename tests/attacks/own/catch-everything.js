// finally, catch, generators, proxies and promises around an endless loop: the end is never seen by any of them.
// Expect: stopped
(function () {
  const seen = [];
  function* g() { try { for (;;) yield 1; } finally { hostEcho("finally"); } }
  function spin() { try { for (;;); } catch (e) { seen.push(e); hostEcho("caught"); } finally { hostEcho("finally"); spin(); } }
  try { for (const v of g()) { try { spin(); } catch { continue; } finally { continue; } } } finally { hostEcho("outer"); spin(); }
})()
