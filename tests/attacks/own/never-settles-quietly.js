// A top-level promise that nothing can settle.
// Expect: stopped
new Promise(() => 0)
