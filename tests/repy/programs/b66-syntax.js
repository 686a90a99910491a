// The line that matters is counted from the first one.
await log("one");
await log("two");
const a = = 3;
