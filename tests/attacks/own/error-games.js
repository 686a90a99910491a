// Errors with getters, symbols, cycles and lies: what is thrown out of a run or into a host is text.
// Expect: held
(function () {
  const bad = [];
  class Lying extends Error {
    get name() { bad.push.call([], "x"); throw new RangeError("name"); }
    get message() { throw new RangeError("message"); }
    get stack() { throw new RangeError("stack"); }
    get cause() { throw new RangeError("cause"); }
  }
  const symbolName = new Error("x"); symbolName.name = Symbol("n");
  const circular = new Error("c"); circular.cause = circular; circular.errors = [circular];
  const long = new Error("m".repeat(100000)); long.name = "n".repeat(100000);
  const huge = new AggregateError(Array.from({ length: 1000 }, (_, i) => new Error("e" + i)));
  const withProxy = new Error("p", { cause: new Proxy({}, { get() { bad.push("proxy read"); } }) });
  const withFn = new Error("f"); withFn.code = () => 1;
  for (const e of [new Lying(), symbolName, circular, long, huge, withProxy, withFn]) {
    try { hostEcho(e); } catch (x) { if (!(x instanceof Error)) bad.push("foreign"); }
    try { hostAsync({ e }).catch(() => 0); } catch (x) { if (!(x instanceof Error)) bad.push("foreign"); }
  }
  if (hostEcho("ok") !== "ok") bad.push("broken");
  return bad.join("; ") || "held";
})()
