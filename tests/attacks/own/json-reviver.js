// A reviver that calls JSON.parse with itself; a toJSON that calls stringify; both end in the guest's own error.
// Expect: held
(function () {
  const bad = [];
  const reviver = () => JSON.parse("[1]", reviver);
  const self = { toJSON() { return JSON.stringify(self); } };
  const replacer = () => JSON.stringify(1, replacer);
  let growing = 0;
  for (const f of [() => JSON.parse("[1]", reviver), () => JSON.stringify(self), () => JSON.stringify(1, replacer)]) {
    try { f(); bad.push("returned"); } catch (e) { if (!(e instanceof Error)) bad.push("foreign"); }
  }
  const grows = JSON.parse('{"a":1}', function (k, v) { if (growing++ < 1000) this["k" + growing] = 1; return v; });
  return bad.join("; ") || (typeof grows === "object" ? "held" : "wrong");
})()
