// The same after a run that throws.
// Expect: any
setInterval(() => hostEcho("late"), 1);
hostAsync(1).then(function again() { hostEcho("late"); return hostAsync(1).then(again); });
throw new Error("over");
