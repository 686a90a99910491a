// With Promise.prototype.then replaced, host promises still settle with guest values only and the run still ends.
// Expect: ended
(async function () {
  const seen = [];
  const then = Promise.prototype.then;
  Promise.prototype.then = function (a, b) { seen.push(typeof a); return then.call(this, a, b); };
  Promise.resolve = () => { throw new Error("resolve"); };
  globalThis.Promise = class { constructor() { throw new Error("constructor"); } };
  const v = await hostAsync({ a: 1 });
  return v.a === 1 ? "held" : "wrong";
})()
