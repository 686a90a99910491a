// Lone surrogates, NUL, astral and very long text pass unchanged, as values and as keys.
// Expect: held
(function () {
  const bad = [];
  for (const t of ["\ud800", "\udc00", "a\ud800b", "\udc00\ud800", "\0", "a\0b", "\u{1f600}", "\ufeff", "\u2028\u2029", "\r\n", "\uffff", "é".normalize("NFD"), "x".repeat(70000) + "\ud800", ""]) {
    if (hostEcho(t) !== t) bad.push(escape(t.slice(0, 10)));
    if (hostEcho({ [t]: t })[t] !== t) bad.push("key " + escape(t.slice(0, 10)));
  }
  return bad.join("; ") || "held";
})()
