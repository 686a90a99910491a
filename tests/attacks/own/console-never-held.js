// A log line of eighty million characters.
// Expect: any
(function () { const s = "x".repeat(4000000); for (let i = 0; i < 20; i++) console.log(s); return "logged"; })()
