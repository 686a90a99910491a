// Console output is bounded.
// Expect: any
(function () { const s = "x".repeat(100000); for (let i = 0; ; i++) console.log(s, i); })()
