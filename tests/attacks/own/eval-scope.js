// eval and Function see the guest's global and nothing of the engine's library around it.
// Expect: held
(function () {
  const bad = [];
  const names = ["natives", "evaluate", "compile", "startModule", "grantFunction", "answer", "configure", "request", "flush", "answers", "handles", "places", "sleep", "randomBytes", "writeConsole", "loadSource", "inspect", "define", "append", "peek", "open", "finish", "rejections", "cordon", "__cordon", "host", "kernel"];
  const reads = [(n) => (0, eval)("typeof " + n), (n) => eval("typeof " + n), (n) => Function("return typeof " + n)(), (n) => setTimeout.constructor("return typeof " + n)(), (n) => hostEcho.constructor("return typeof " + n)(), (n) => console.log.constructor("return typeof " + n)()];
  for (const n of names) for (const read of reads) { try { if (read(n) !== "undefined") bad.push(n); } catch (e) { bad.push(String(e)); } }
  return bad.join("; ") || "held";
})()
