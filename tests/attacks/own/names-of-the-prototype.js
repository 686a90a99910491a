// Keys such as __proto__, constructor and hasOwnProperty are names like any other, in both directions.
// Expect: held
(function () {
  const bad = [];
  for (const key of ["__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "valueOf", "__defineGetter__", "__lookupGetter__", "length", "then_", "toJSON", "", "\0", "\ud800", "0", "-1", "4294967295"]) {
    const o = JSON.parse(JSON.stringify({ k: 1 })); Object.defineProperty(o, key, { value: { polluted: "yes" }, enumerable: true, configurable: true, writable: true });
    const back = hostEcho(o);
    if (!Object.hasOwn(back, key) || back[key].polluted !== "yes" || Object.getPrototypeOf(back) !== Object.prototype || back.k !== 1) bad.push(JSON.stringify(key));
  }
  if ({}.polluted !== undefined) bad.push("polluted");
  return bad.join("; ") || "held";
})()
