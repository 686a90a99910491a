// A regular expression that takes for ever is data to the host: it is never run there.
// Expect: held
(function () {
  const bad = [];
  try {
    const back = hostEcho({ r: /(a+)+$/g });
    if (back.r instanceof RegExp === false && back.r?.source !== "(a+)+$") bad.push("changed");
  } catch (e) { if (!/E_VALUE/.test(e.message)) bad.push(String(e)); }
  const lied = /x/;
  Object.defineProperty(lied, "source", { get() { bad.push("getter of source ran"); return "y"; } });
  Object.defineProperty(lied, "flags", { get() { bad.push("getter of flags ran"); return "gggg"; } });
  lied.exec = () => { bad.push("exec ran"); };
  try { hostInspect(lied); } catch {}
  return bad.join("; ") || "held";
})()
