// return() of an async generator with thenables that answer twice, throw, and never answer.
// Expect: held
(async function () {
  async function* g() { try { yield 1; yield 2; } finally { yield { then(a) { a(3); a(4); throw new Error("after"); } }; } }
  const it = g(); await it.next();
  const r = await it.return({ then(a) { a("x"); a("y"); } });
  const rest = await Promise.race([Promise.all([it.next(), it.throw(new Error("t")).catch((e) => e), it.return(1)]), new Promise((r) => setTimeout(r, 20, "slow"))]);
  let thrown;
  try { for await (const v of { [Symbol.asyncIterator]: () => ({ next: () => ({ then(a, b) { b(new RangeError("r")); } }) }) }) thrown = v; } catch (e) { thrown = e; }
  return r && rest && thrown instanceof RangeError ? "held" : "wrong";
})()
