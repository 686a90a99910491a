const reach = (text) => {
  try {
    return typeof (0).constructor.constructor(`return ${text}`)();
  } catch (error) {
    return error.name;
  }
};
// The constructor of functions is the widest thing that a value leads to; what it makes sees the domain, where no call is.
for (const name of ["openfile", "exitall", "require", "_context", "mycontext"]) await log(name, reach(name));
await log(typeof typeof 0);
await log(await errorOf(async () => eval("1")), await errorOf(async () => Function("return 1")));
