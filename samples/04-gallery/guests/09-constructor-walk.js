// The classic way out: from any function of the host to its constructor, which compiles code on the host.
const walk = (value) => value?.constructor?.constructor?.("return typeof process !== 'undefined' && process")?.();
const tried = [walk(tools.add), walk(tools), walk(tools.add(1, 2)), walk(console.log), walk(await tools.later())];
return tried.map((found) => (found ? "ESCAPED" : "nothing"));
