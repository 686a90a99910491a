// Asks for its own rows, for those of others, and for more than its hour.
const told = [];
async function attempt(what, task) {
  try {
    told.push(`${what}: ${(await task()).join(", ")}`);
  } catch (error) {
    told.push(`${what}: ${error.code}, ${error.message}`);
  }
}

await attempt("my orders", () => db.query("orders", me, 1000));
await attempt("the prices", () => db.query("prices", "", 10));
for (const other of ["acme", "initech"].filter((name) => name !== me)) {
  await attempt("orders of others", () => db.query("orders", other, 10));
}
await attempt("one more order", () => db.insert("orders", me, "a chair"));
await attempt("my orders again", () => db.query("orders", me, 10));
return told;
