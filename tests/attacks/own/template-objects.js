// Template objects are frozen and one per place; they carry nothing from one evaluation to another.
// Expect: held
(function () {
  const f = (n) => ((s) => s)`a${n}b`;
  const g = () => (0, eval)("((s) => s)`a${1}b`");
  if (f(1) !== f(2) || g() === g()) return "identity";
  if (!Object.isFrozen(f(1)) || !Object.isFrozen(f(1).raw)) return "not frozen";
  try { hostEcho(f(1)); } catch (e) { if (!(e instanceof Error)) return "foreign"; }
  return "held";
})()
