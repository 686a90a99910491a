// A `then` that never ends, on the promise that is the run's value.
// Expect: stopped
(function () {
  Promise.prototype.then = function () { for (;;); };
  return { then() { for (;;); } };
})()
