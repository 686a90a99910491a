const namespace = await createvirtualnamespace("undefined_variable", "inner");
try {
  await namespace.evaluate({});
} catch (error) {
  await log(error instanceof ReferenceError, error.message);
}
await log("and goes on");
