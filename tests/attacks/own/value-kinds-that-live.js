// Functions, symbols, proxies, instances, promises, generators, weak references: none is data.
// Expect: held
(function () {
  const bad = [];
  class Mine { constructor() { this.a = 1; } }
  const live = {
    fn: () => 1, klass: Mine, symbol: Symbol("s"), registered: Symbol.for("s"), proxy: new Proxy({}, {}), arrayProxy: new Proxy([], {}),
    fnProxy: new Proxy(() => 1, {}), instance: new Mine(), promise: Promise.resolve(), generator: (function* () {})(), weakMap: new WeakMap(),
    weakSet: new WeakSet(), weakRef: new WeakRef({}), subclass: new (class extends Array {})(), date: new (class extends Date {})(),
    map: new (class extends Map {})(), view: new DataView(new ArrayBuffer(8)), gate: hostEcho, group: hostCap, iterator: [].values(),
    fromProto: Object.create({ inherited: 1 }), argumentsOf: (function () { return arguments; })(1), boxed: Object(Symbol()), boxedNumber: new Number(1),
  };
  const mayCross = new Set(["view", "argumentsOf", "boxedNumber", "fromProto", "group", "gate", "subclass", "date", "map", "instance"]);
  for (const [name, v] of Object.entries(live)) {
    for (const shape of [v, [v], { v }, new Map([["k", v]])]) {
      try { hostEcho(shape); if (!mayCross.has(name)) bad.push(name + " crossed"); } catch (e) { if (!(e instanceof Error) || !/E_VALUE/.test(e.message + e.code)) bad.push(name + ": " + e); }
    }
  }
  return bad.join("; ") || "held";
})()
