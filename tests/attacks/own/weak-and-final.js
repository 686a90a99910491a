// Finalisers run inside the guest's own turns or not at all, never after its end.
// Expect: any
(function () {
  globalThis.registry = new FinalizationRegistry(() => { hostEcho("late"); for (;;); });
  for (let i = 0; i < 1000; i++) registry.register({ i }, i);
  globalThis.refs = Array.from({ length: 100 }, () => new WeakRef({}));
  return "over";
})()
