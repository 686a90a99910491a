// Timers, intervals and jobs that outlive the run must not call the host after its end.
// Expect: any
(function () {
  setTimeout(() => hostEcho("late"), 0); setTimeout(() => hostEcho("late"), 20); setInterval(() => hostEcho("late"), 1);
  const job = () => { hostEcho("job"); return hostAsync(1).then(job); };
  job();
  Promise.resolve().then(function f() { return Promise.resolve().then(f); });
  return "over";
})()
