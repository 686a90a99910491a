// A sleep that never ends is not a way past the deadline.
// Expect: stopped
(async function () { await new Promise(() => 0); setTimeout(() => 0, 2 ** 31 - 1); })()
