const namespace = await createvirtualnamespace("if (typeof input === 'number') result = input + 1; variable = 42;", "names");
const own = new SafeDict({ input: 0 });
const same = await namespace.evaluate(own);
await log(same === own, same.get("variable"));
const made = await namespace.evaluate({ input: 6 });
await log(made instanceof SafeDict, made.get("result"), made.get("input"));
await log(await errorOf(() => namespace.evaluate()));
await log(await errorOf(() => namespace.evaluate(123)));
await log(_context.has("variable"), _context.has("result"));
