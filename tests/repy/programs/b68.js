const namespace = await createvirtualnamespace("meaning_of_life = 42", "good");
await log(typeof namespace.evaluate);
await log(await errorOf(() => createvirtualnamespace('import "x"', "import")));
await log(await errorOf(() => createvirtualnamespace('await import("x")', "import")));
await log(await errorOf(() => createvirtualnamespace("a = = 1", "syntax")));
await log(await errorOf(() => createvirtualnamespace("} escaped = 1; {", "brackets")));
await log(await errorOf(() => createvirtualnamespace("x.__proto__", "underscores")));
await log(await errorOf(() => createvirtualnamespace(123, "code")));
await log(await errorOf(() => createvirtualnamespace("x = 1", 123)));
// Text and patterns that only look like an import are none.
await log(await errorOf(() => createvirtualnamespace('a = "import"; b = /import/; c = `import ${1}`; // import', "good")));
