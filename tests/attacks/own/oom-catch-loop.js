// Out of memory, caught, again and again.
// Expect: any
(function () {
  const keep = []; let caught = 0;
  for (;;) { try { for (;;) keep.push(new Uint8Array(1000000)); } catch { caught++; keep.length = Math.max(0, keep.length - 2); } }
})()
