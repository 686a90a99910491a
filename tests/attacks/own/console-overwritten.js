// A replaced console is the guest's own toy; the real one was never a way to anything.
// Expect: held
(function () {
  const bad = [];
  const log = console.log;
  for (const f of Object.values(console)) { if (typeof f === "function" && /HOSTSRC|native code\] \}.+/.test(Function.prototype.toString.call(f))) bad.push("source"); }
  try { console.log = hostEcho; console.log("x"); } catch {}
  globalThis.console = new Proxy({}, { get() { throw new Error("mine"); } });
  log("%s %d %o %j %c", Symbol("s"), 1n, { get a() { bad.push("getter run by console"); return 1; } }, new Proxy({}, { get() { bad.push("proxy read by console"); }, ownKeys() { bad.push("proxy keys read by console"); return []; } }));
  log("\u001b]0;title\u0007\u001b[2J\r\u0000");
  const deep = []; let at = deep; for (let i = 0; i < 50000; i++) { const n = []; at.push(n); at = n; }
  log(deep);
  const cyc = {}; cyc.c = cyc; log(cyc, new Map([[cyc, cyc]]));
  return bad.join("; ") || "held";
})()
