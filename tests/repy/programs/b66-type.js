// The line that matters is counted from the first one.
await log("one");
const number = 3;
const list = [];
list.push(number);
number();
