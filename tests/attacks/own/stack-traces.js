// Error.prepareStackTrace, stackTraceLimit and captureStackTrace show guest files only.
// Expect: held
(function () {
  const bad = [];
  const seen = [];
  Error.prepareStackTrace = (e, frames) => { if (Array.isArray(frames)) for (const f of frames) seen.push([f.getFileName?.(), f.getFunctionName?.(), f.getScriptNameOrSourceURL?.(), f.getEvalOrigin?.()].join()); return "prepared"; };
  for (const limit of [0, 1, 1e9, -1, NaN, Infinity, "x"]) { try { Error.stackTraceLimit = limit; String(new Error("x").stack); const o = {}; Error.captureStackTrace?.(o); seen.push(String(o.stack)); } catch {} }
  try { hostThrow("h"); } catch (e) { seen.push(String(e.stack), String(e.cause && e.cause.stack)); }
  delete Error.prepareStackTrace;
  try { hostThrow("h"); } catch (e) { seen.push(String(e.stack), String(e.cause && e.cause.stack), e.message); }
  try { hostEcho(() => 1); } catch (e) { seen.push(String(e.stack)); }
  for (const s of seen) { const m = /(file:|node:|\/(?:work|tmp|home|usr|root)\/|node_modules|\.ts\b|HOSTSRC|wasm:)/.exec(s); if (m) bad.push(m[0] + " in " + s.slice(0, 100)); }
  return bad.join("; ") || "held";
})()
