// A host call in flight at the end, whose continuation calls the host: it is never delivered.
// Expect: any
(function () { for (let i = 0; i < 50; i++) hostAsync(i).then(() => hostEcho("late")); return "over"; })()
