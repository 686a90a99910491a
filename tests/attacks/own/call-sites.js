// Error.prepareStackTrace is handed call sites, and getFunction() of one must not give a function of the engine's library.
// Expect: held
(async function () {
  const found = new Set();
  Error.prepareStackTrace = (e, frames) => { for (const f of frames) { const fn = f.getFunction?.(), self = f.getThis?.(); if (f.getFileName?.() === "cordon:engine" && (typeof fn === "function" || self !== undefined)) found.add(f.getFunctionName()); } return ""; };
  const look = () => void new Error("x").stack;
  look();
  hostEcho({ get a() { look(); return 1; } });
  await new Promise((r) => setTimeout(() => { look(); r(); }, 1));
  await { then(r) { look(); r(); } };
  try { hostEcho(() => 1); } catch (e) { void e.stack; }
  return found.size === 0 ? "held" : "has " + [...found].join();
})()
