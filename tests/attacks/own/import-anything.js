// Dynamic import of host modules, files, URLs, engine files: refused, as the guest's own error.
// Expect: held
(async function () {
  const bad = [];
  for (const s of ["node:fs", "fs", "cordon:engine", "cordon", "cordon:check", "file:///etc/passwd", "/etc/passwd", "../../../../etc/passwd", "data:text/javascript,export default 1", "https://example.com/x.js", "", "\0", "__proto__", "qjs:std", "qjs:os", "std", "os", "#x", "./self.js"]) {
    try { await import(s); bad.push("imported " + s); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error " + s); else if (/\/(tmp|home|work|usr|root)\/|node_modules|ENOENT/.test(e.message + e.stack)) bad.push("leaks: " + e.message); }
    try { await Function("return import(" + JSON.stringify(s) + ")")(); bad.push("imported by Function " + s); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error " + s); }
  }
  try { await import({ toString() { throw new RangeError("mine"); } }); bad.push("toString"); } catch (e) { if (!(e instanceof RangeError)) bad.push("not mine: " + e); }
  return bad.join("; ") || "held";
})()
