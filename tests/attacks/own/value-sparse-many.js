// Many sparse arrays, each below a bound, together far above it.
// Expect: any
(function () {
  const all = [];
  for (let i = 0; i < 2000; i++) { const a = []; a[1000000] = i; all.push(a); }
  try { hostEcho(all); } catch (e) { return "refused " + e.name; }
  return "crossed";
})()
