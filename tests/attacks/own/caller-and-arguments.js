// Function.caller and arguments.callee must not lead from a callback to the library that called it.
// Expect: held
(async function () {
  const bad = [];
  const look = (f, where) => { for (const k of ["caller", "arguments", "callee"]) { let v; try { v = f[k]; } catch { continue; } if (v !== undefined && v !== null && !mine.has(v)) bad.push(where + "." + k + " is " + typeof v); } };
  const mine = new Set();
  const sloppy = Function("look", "where", "mine", "mine.add(arguments.callee); look(arguments.callee, where); return 1");
  const trial = (where) => { const f = Function("g", "return function s() { return g(s) }")((s) => { mine.add(s); let v; try { v = s.caller; } catch { return 1; } if (v) bad.push(where + ".caller"); return 1; }); return f; };
  hostEcho({ get a() { return sloppy(look, "getter", mine); } });
  hostEcho({ get a() { return trial("getter")(); } });
  await new Promise((done) => setTimeout(() => { trial("timer")(); done(); }, 1));
  await Promise.resolve().then(trial("job"));
  const thenable = { then(done) { trial("then")(); done(1); } };
  await thenable;
  console.log({ [Symbol.for("nodejs.util.inspect.custom")]: trial("inspect"), toString: trial("toString") });
  look(hostEcho, "gate"); look(console.log, "console"); look(setTimeout, "timer");
  return bad.join("; ") || "held";
})()
