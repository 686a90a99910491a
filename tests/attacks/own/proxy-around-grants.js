// Proxies, subclasses, bound and borrowed forms of a grant: still the same gate, still only data through it.
// Expect: held
(function () {
  const bad = [];
  const p = new Proxy(hostEcho, { apply: (t, self, args) => Reflect.apply(t, self, args) });
  if (p(5) !== 5) bad.push("proxy");
  if (hostEcho.call({ evil: 1 }, 6) !== 6 || hostEcho.bind(globalThis)(7) !== 7 || Reflect.apply(hostEcho, new Proxy({}, {}), [8]) !== 8) bad.push("this");
  for (const f of [() => new hostEcho(1), () => Reflect.construct(hostEcho, [1], Array), () => Reflect.construct(Array, [], hostEcho), () => { class X extends hostEcho {} return new X(1); }, () => hostEcho.prototype.x]) { try { f(); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error"); } }
  try { hostEcho.apply(null, { length: 4294967296 }); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error"); }
  try { hostEcho(...new Array(60000).fill(1)); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error"); }
  if (hostEcho() !== undefined) bad.push("no argument");
  for (const f of [hostEcho, hostCap, hostCap.read]) if (!Object.isFrozen(f)) bad.push("not frozen");
  try { hostEcho.x = 1; } catch {}
  if ("x" in hostEcho) bad.push("written");
  const inherits = Object.create(hostCap);
  if (inherits.read("p") !== "contents of p") bad.push("inherited");
  try { delete globalThis.hostCap; globalThis.hostCap = { read: () => "mine" }; } catch {}
  return bad.join("; ") || "held";
})()
