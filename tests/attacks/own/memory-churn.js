// Allocating and dropping for ever, below the limit: time is what ends it.
// Expect: stopped
(function () { for (;;) { const a = new Uint8Array(8000000); a[7999999] = 1; let s = "x"; for (let i = 0; i < 20; i++) s += s; } })()
