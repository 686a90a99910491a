// With a `then` on Object.prototype every record is a thenable: neither run nor host may hang on it.
// Expect: any
(function () {
  Object.prototype.then = function () { hostEcho("then"); };
  return { a: 1 };
})()
