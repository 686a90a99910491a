// Values planted on Object.prototype must not become arguments, options or grants of anything.
// Expect: held
(async function () {
  const bad = [];
  Object.assign(Object.prototype, { method: 99, handle: 0, mode: "blocking", omitted: true, grants: { stolen: 1 }, inputs: { injected: 1 }, reject: true, code: "FORGED", cause: "forged" });
  const echoed = hostEcho({ own: 1 });
  if (Object.keys(echoed).join() !== "own") bad.push("keys: " + Object.keys(echoed));
  let later;
  try { later = await hostAsync({}); } catch (e) { bad.push("the host saw an inherited property"); }
  try { hostThrow("m"); } catch (e) { if (Object.hasOwn(e, "code") && e.code === "FORGED") bad.push("forged code"); }
  for (const k of Object.keys(Object.prototype)) delete Object.prototype[k];
  if (typeof stolen !== "undefined" || typeof injected !== "undefined") bad.push("configured by a prototype");
  return bad.join("; ") || "held";
})()
